namespace Exponential.Nn;

/// <summary>
/// ln of the mean of e^l over logarithms l that come one after the other, for several means at once. Each sum is kept relative to its largest
/// term so far, so that terms of any size neither overflow nor vanish, and no term is stored.
/// </summary>
/// <param name="count">The number of means.</param>
internal sealed class LogMeanExp(int count)
{
    private readonly double[] _largest = [.. Enumerable.Repeat(double.NegativeInfinity, count)];
    private readonly double[] _sums = new double[count];
    private int _terms;

    /// <summary>Adds one term to each mean.</summary>
    /// <param name="logarithms">The logarithm of each mean's term; minus infinity for a term of 0.</param>
    public void Add(ReadOnlySpan<double> logarithms)
    {
        if (logarithms.Length != count)
        {
            throw new ArgumentException($"LogMeanExp: there are {count} means; {logarithms.Length} terms were given", nameof(logarithms));
        }

        _terms++;
        for (int i = 0; i < count; i++)
        {
            double log = logarithms[i];
            if (double.IsNegativeInfinity(log))
            {
                continue;
            }

            if (log <= _largest[i])
            {
                // The difference of two infinities is no number.
                _sums[i] += log == _largest[i] ? 1 : Math.Exp(log - _largest[i]);
            }
            else
            {
                _sums[i] = (_sums[i] * Math.Exp(_largest[i] - log)) + 1;
                _largest[i] = log;
            }
        }
    }

    /// <summary>The logarithm of each mean: minus infinity where all terms were 0, not a number where one was not.</summary>
    public double[] Values()
    {
        double[] values = new double[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = _largest[i] + Math.Log(_sums[i] / _terms);
        }

        return values;
    }
}
