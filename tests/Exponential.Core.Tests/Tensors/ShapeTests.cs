using Xunit;

namespace Exponential.Core.Tests;

public sealed class ShapeTests
{
    [Fact]
    public void ReadsLikeACollection()
    {
        Shape shape = [4, 3, 8];
        Assert.Equal(3, shape.Rank);
        Assert.Equal(96, shape.ElementCount);
        Assert.Equal(8, shape[2]);
        Assert.Equal(8, shape[^1]);
        Assert.Equal([4, 3], shape[..^1]);
        Assert.Equal("[4, 3, 8]", shape.ToString());
        Assert.Equal([4, 3, 8], shape.ToArray());
        Assert.Throws<IndexOutOfRangeException>(() => shape[3]);
    }

    [Fact]
    public void TheDefaultIsAScalars()
    {
        Shape shape = default;
        Assert.Equal(0, shape.Rank);
        Assert.Equal(1, shape.ElementCount);
        Assert.Equal("[]", shape.ToString());
        Assert.Equal([], shape);
        Shape empty = [];
        Assert.True(shape == empty);
        Assert.Equal(empty.GetHashCode(), shape.GetHashCode());
    }

    [Fact]
    public void ComparesByLengths()
    {
        Shape shape = [2, 3];
        Shape same = new[] { 2, 3 };
        Shape swapped = [3, 2];
        Shape longer = [2, 3, 1];
        Assert.True(shape == same);
        Assert.True(shape != swapped);
        Assert.True(shape != longer);
        Assert.True(shape.Equals((object)same));
        Assert.False(shape.Equals("[2, 3]"));
        Assert.Equal(same.GetHashCode(), shape.GetHashCode());
    }

    [Fact]
    public void ArraysAreCopied()
    {
        int[] lengths = [2, 3];
        Shape shape = lengths;
        lengths[0] = 9;
        Assert.Equal(2, shape[0]);
    }

    [Theory]
    [InlineData(new[] { 2, -1 }, "Shape: a length is negative: [2, -1]")]
    [InlineData(new[] { 65536, 65536 }, "Shape: [65536, 65536] has more than 2147483647 elements, the most a tensor can hold")]
    [InlineData(new[] { int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue }, "Shape: [2147483647, 2147483647, 2147483647, 2147483647] has more than 2147483647 elements, the most a tensor can hold")]
    public void RefusesAbsurdLengths(int[] lengths, string message) =>
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => Shape.Create(lengths)).Message);

    [Theory]
    [InlineData(new int[0], new[] { 2 }, new[] { 2 })]
    [InlineData(new[] { 3, 1 }, new[] { 2, 1, 4 }, new[] { 2, 3, 4 })]
    [InlineData(new[] { 0 }, new[] { 1 }, new[] { 0 })]
    [InlineData(new[] { 1, 0 }, new[] { 5, 1 }, new[] { 5, 0 })]
    [InlineData(new[] { 2 }, new[] { 3 }, null)]
    [InlineData(new[] { 0 }, new[] { 2 }, null)]
    [InlineData(new[] { 2, 3 }, new[] { 2 }, null)]
    public void Broadcasts(int[] left, int[] right, int[]? expected)
    {
        Assert.Equal(expected is not null, Shape.TryBroadcast(left, right, out Shape one));
        Assert.Equal(expected is not null, Shape.TryBroadcast(right, left, out Shape other));
        if (expected is not null)
        {
            Assert.Equal(expected, one);
            Assert.Equal(expected, other);
        }
    }
}
