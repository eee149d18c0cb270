namespace Exponential.Nn.Tests;

/// <summary>
/// Compares the gradients of a scalar function with numerical derivatives, along random directions: a gradient that is wrong in any
/// element shows in almost every direction.
/// </summary>
internal sealed class GradientCheck(string label, Generator generator)
{
    private const int Directions = 2;

    private readonly List<Variable> _variables = [];

    /// <summary>Adds an input. The function reads it through the returned getter.</summary>
    public Func<Tensor> Input(string name, Tensor value)
    {
        var variable = new Variable(name, value.WithGradient());
        _variables.Add(variable);
        return () => variable.Current;
    }

    /// <summary>Adds every parameter of a module.</summary>
    public void Parameters(Module module)
    {
        foreach ((string name, Parameter parameter) in module.NamedParameters())
        {
            _variables.Add(new Variable(name, parameter.Value.Detach()) { Parameter = parameter });
        }
    }

    /// <summary>Asserts that all gradients of a function are right.</summary>
    /// <param name="prepare">Brings everything but what is varied into its initial state.</param>
    /// <param name="function">The function, a scalar.</param>
    public void Run(Action prepare, Func<Tensor> function)
    {
        prepare();
        Tensor value = function();
        Gradients gradients = value.Backward();
        foreach (Variable variable in _variables)
        {
            Tensor? gradient = variable.Parameter is { } parameter
                ? gradients.TryGetValue(parameter, out Tensor? found) ? found : null
                : gradients.For(variable.Leaf);
            for (int i = 0; i < Directions; i++)
            {
                Tensor direction = generator.Normal(variable.Leaf.Shape, DType.Float64);
                double derivative = gradient is null ? 0 : (gradient * direction).Sum().ToScalar();
                NumericDerivative.Assert(derivative, Along, $"{label}: gradient by {variable.Name}");

                double Along(double step)
                {
                    using (Autograd.NoGrad())
                    {
                        prepare();
                        Tensor moved = variable.Leaf.Detach() + (direction * step);
                        variable.Set(moved);
                        double result = function().ToScalar();
                        variable.Set(variable.Leaf);
                        return result;
                    }
                }
            }
        }
    }

    private sealed record Variable(string Name, Tensor Leaf)
    {
        public Parameter? Parameter { get; init; }

        public Tensor Current { get; private set; } = Leaf;

        public void Set(Tensor value)
        {
            Current = value;
            if (Parameter is not null)
            {
                Parameter.Value = value.Detach();
            }
        }
    }
}
