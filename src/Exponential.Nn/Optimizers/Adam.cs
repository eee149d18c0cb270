using System.Numerics;
using System.Runtime.InteropServices;

namespace Exponential.Nn;

/// <summary>
/// Adam (Kingma and Ba 2015, algorithm 1) with PyTorch's placement of epsilon: with g the gradient plus weightDecay * w,
/// m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2,
/// w -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + epsilon), t the step from 1.
/// </summary>
public sealed class Adam : Optimizer
{
    /// <summary>Creates the optimizer. The defaults are the original's for its Sylvester and residual flows.</summary>
    /// <param name="parameters">What to change.</param>
    /// <param name="learningRate">lr.</param>
    /// <param name="beta1">b1, in [0, 1).</param>
    /// <param name="beta2">b2, in [0, 1).</param>
    /// <param name="epsilon">Added to the root of the second moment.</param>
    /// <param name="weightDecay">L2 weight decay, added to the gradient.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number outside its range.</exception>
    /// <exception cref="ArgumentException">No parameter, or one twice.</exception>
    public Adam(
        IEnumerable<Parameter> parameters, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.99, double epsilon = 1e-7, double weightDecay = 0)
        : base(parameters, learningRate, beta1, beta2, epsilon, weightDecay)
    {
    }

    private protected override string SecondName => "exp_avg_sq";

    private protected override void Update<T>(Span<T> value, ReadOnlySpan<T> gradient, Span<T> first, Span<T> second, long step)
    {
        T decay = T.CreateChecked(WeightDecay);
        T b1 = T.CreateChecked(Beta1);
        T b2 = T.CreateChecked(Beta2);
        T c1 = T.CreateChecked(1 - Beta1);
        T c2 = T.CreateChecked(1 - Beta2);
        T epsilon = T.CreateChecked(Epsilon);
        T rate = T.CreateChecked(LearningRate / (1 - Math.Pow(Beta1, step)));
        T root = T.CreateChecked(1 / Math.Sqrt(1 - Math.Pow(Beta2, step)));

        Span<Vector<T>> values = MemoryMarshal.Cast<T, Vector<T>>(value);
        ReadOnlySpan<Vector<T>> gradients = MemoryMarshal.Cast<T, Vector<T>>(gradient);
        Span<Vector<T>> firsts = MemoryMarshal.Cast<T, Vector<T>>(first);
        Span<Vector<T>> seconds = MemoryMarshal.Cast<T, Vector<T>>(second);
        for (int i = 0; i < values.Length; i++)
        {
            Vector<T> w = values[i];
            Vector<T> g = gradients[i] + (w * decay);
            Vector<T> m = (firsts[i] * b1) + (g * c1);
            Vector<T> v = (seconds[i] * b2) + (g * g * c2);
            firsts[i] = m;
            seconds[i] = v;
            values[i] = w - (m * rate / ((Vector.SquareRoot(v) * root) + new Vector<T>(epsilon)));
        }

        for (int i = values.Length * Vector<T>.Count; i < value.Length; i++)
        {
            T w = value[i];
            T g = gradient[i] + (w * decay);
            T m = (first[i] * b1) + (g * c1);
            T v = (second[i] * b2) + (g * g * c2);
            first[i] = m;
            second[i] = v;
            value[i] = w - (m * rate / ((T.Sqrt(v) * root) + epsilon));
        }
    }
}
