namespace Exponential.Nn;

/// <summary>A value that is infinite or not a number was met while <see cref="FiniteChecks"/> were on.</summary>
public sealed class NonFiniteException : ArithmeticException
{
    internal NonFiniteException(Module module, string what)
        : base($"{module.GetType().Name}: {what}") => Module = module;

    /// <summary>
    /// The first module whose input or output was not finite; its full name is found among the model's <see cref="Module.NamedModules"/>.
    /// </summary>
    public Module Module { get; }
}
