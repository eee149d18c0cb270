using System.Numerics;
using System.Runtime.InteropServices;

namespace Exponential.Nn;

/// <summary>
/// Adamax (Kingma and Ba 2015, algorithm 2) with PyTorch's placement of epsilon: with g the gradient plus weightDecay * w,
/// m = b1 m + (1 - b1) g, u = max(b2 u, |g| + epsilon), w -= lr / (1 - b1^t) * m / u, t the step from 1.
/// </summary>
public sealed class Adamax : Optimizer
{
    /// <summary>Creates the optimizer. The defaults are the original's for its mixing flows.</summary>
    /// <param name="parameters">What to change.</param>
    /// <param name="learningRate">lr.</param>
    /// <param name="beta1">b1, in [0, 1).</param>
    /// <param name="beta2">b2, in [0, 1).</param>
    /// <param name="epsilon">Added to the gradient's absolute value.</param>
    /// <param name="weightDecay">L2 weight decay, added to the gradient.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number outside its range.</exception>
    /// <exception cref="ArgumentException">No parameter, or one twice.</exception>
    public Adamax(
        IEnumerable<Parameter> parameters, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-7, double weightDecay = 0)
        : base(parameters, learningRate, beta1, beta2, epsilon, weightDecay)
    {
    }

    private protected override string SecondName => "exp_inf";

    private protected override void Update<T>(Span<T> value, ReadOnlySpan<T> gradient, Span<T> first, Span<T> second, long step)
    {
        T decay = T.CreateChecked(WeightDecay);
        T b1 = T.CreateChecked(Beta1);
        T b2 = T.CreateChecked(Beta2);
        T c1 = T.CreateChecked(1 - Beta1);
        T epsilon = T.CreateChecked(Epsilon);
        T rate = T.CreateChecked(LearningRate / (1 - Math.Pow(Beta1, step)));

        Span<Vector<T>> values = MemoryMarshal.Cast<T, Vector<T>>(value);
        ReadOnlySpan<Vector<T>> gradients = MemoryMarshal.Cast<T, Vector<T>>(gradient);
        Span<Vector<T>> firsts = MemoryMarshal.Cast<T, Vector<T>>(first);
        Span<Vector<T>> seconds = MemoryMarshal.Cast<T, Vector<T>>(second);
        for (int i = 0; i < values.Length; i++)
        {
            Vector<T> w = values[i];
            Vector<T> g = gradients[i] + (w * decay);
            Vector<T> m = (firsts[i] * b1) + (g * c1);
            Vector<T> u = Vector.Max(seconds[i] * b2, Vector.Abs(g) + new Vector<T>(epsilon));
            firsts[i] = m;
            seconds[i] = u;
            values[i] = w - (m * rate / u);
        }

        for (int i = values.Length * Vector<T>.Count; i < value.Length; i++)
        {
            T w = value[i];
            T g = gradient[i] + (w * decay);
            T m = (first[i] * b1) + (g * c1);
            T u = T.Max(second[i] * b2, T.Abs(g) + epsilon);
            first[i] = m;
            second[i] = u;
            value[i] = w - (m * rate / u);
        }
    }
}
