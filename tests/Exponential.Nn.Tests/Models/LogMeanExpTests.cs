using Xunit;

namespace Exponential.Nn.Tests;

public sealed class LogMeanExpTests
{
    [Fact]
    public void OneTermIsItself()
    {
        var mean = new LogMeanExp(3);
        mean.Add([-1e4, 0.1, 700]);
        Assert.Equal([-1e4, 0.1, 700], mean.Values());
    }

    /// <summary>Far from 0 either way, where e^l itself is 0 or infinite; the order of the terms does not matter.</summary>
    [Theory]
    [InlineData(-1e4)]
    [InlineData(0)]
    [InlineData(1e4)]
    public void TermsOfAnySizeNeitherVanishNorOverflow(double offset)
    {
        double[] terms = [0, -3, 2, -800, 1, 2];
        double expected = offset + Math.Log(terms.Sum(Math.Exp) / terms.Length);
        var mean = new LogMeanExp(2);
        for (int i = 0; i < terms.Length; i++)
        {
            mean.Add([offset + terms[i], offset + terms[^(i + 1)]]);
        }

        double allowed = 16 * Closeness.Epsilon * (1 + Math.Abs(offset));
        Closeness.AssertClose(expected, mean.Values()[0], allowed, "in order");
        Closeness.AssertClose(expected, mean.Values()[1], allowed, "in reverse order");
    }

    [Fact]
    public void TermsOfZeroCountInTheMeanAlone()
    {
        var mean = new LogMeanExp(2);
        mean.Add([double.NegativeInfinity, double.NegativeInfinity]);
        mean.Add([-5, double.NegativeInfinity]);
        Closeness.AssertClose(-5 - Math.Log(2), mean.Values()[0], 16 * Closeness.Epsilon, "one term of two");
        Assert.Equal(double.NegativeInfinity, mean.Values()[1]);
    }

    [Fact]
    public void InfiniteTermsMakeAnInfiniteMean()
    {
        var mean = new LogMeanExp(1);
        foreach (double term in new[] { 0, double.PositiveInfinity, 1, double.PositiveInfinity })
        {
            mean.Add([term]);
        }

        Assert.Equal(double.PositiveInfinity, mean.Values()[0]);
    }

    [Fact]
    public void WhatIsNotANumberStaysSo()
    {
        var mean = new LogMeanExp(1);
        mean.Add([1]);
        mean.Add([double.NaN]);
        mean.Add([1]);
        Assert.True(double.IsNaN(mean.Values()[0]));
    }
}
