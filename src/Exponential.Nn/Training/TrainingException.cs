namespace Exponential.Nn;

/// <summary>A run stopped because a loss, a gradient or an evaluation was not finite. Its last checkpoint, if it writes any, is intact.</summary>
public sealed class TrainingException : Exception
{
    internal TrainingException(string message, long step, string? module)
        : base(message)
    {
        Step = step;
        Module = module;
    }

    /// <summary>The step, from 1, that could not be taken; for an evaluation, the number of steps taken before it.</summary>
    public long Step { get; }

    /// <summary>Full name of the first module whose output, or of the module whose gradient, was not finite; null where none was found.</summary>
    public string? Module { get; }
}
