namespace Exponential.Nn;

/// <summary>
/// Checks that every module's output is finite, for finding where a loss went wrong: <c>using (FiniteChecks.On()) { replay the step }</c>
/// throws a <see cref="NonFiniteException"/> at the first module whose output is not. Off, it costs one flag a module.
/// </summary>
public static class FiniteChecks
{
    [ThreadStatic]
    private static bool _isOn;

    /// <summary>Turns the checks on for this thread, until the scope is disposed.</summary>
    public static Scope On()
    {
        bool before = _isOn;
        _isOn = true;
        return new Scope(before);
    }

    /// <summary>Whether the checks are on for this thread.</summary>
    internal static bool Enabled => _isOn;

    internal static void Input(Module module, Tensor value)
    {
        if (_isOn && !value.IsFinite())
        {
            throw new NonFiniteException(module, "the input is not finite");
        }
    }

    internal static void Output(Module module, Tensor value)
    {
        if (_isOn && !value.IsFinite())
        {
            throw new NonFiniteException(module, "the output is not finite, though the input is");
        }
    }

    internal static void LogDensity(Module module, Tensor value)
    {
        if (_isOn && !value.IsFinite())
        {
            throw new NonFiniteException(module, "the log-determinant or log-density is not finite, though the input is");
        }
    }

    /// <summary>Turns the checks back to what they were.</summary>
    public readonly ref struct Scope
    {
        private readonly bool _before;

        internal Scope(bool before) => _before = before;

        /// <summary>Ends the scope.</summary>
        public void Dispose() => _isOn = _before;
    }
}
