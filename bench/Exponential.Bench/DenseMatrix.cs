using System.Numerics;

namespace Exponential.Bench;

/// <summary>A square matrix and what is made of it, by the kernels of one element type.</summary>
internal interface IDenseMatrix
{
    void Qr();

    void Inverse();

    void Solve();

    void SlogDet();
}

/// <summary>Random values between -1 and 1.</summary>
/// <param name="size">Rows and columns.</param>
internal sealed class DenseMatrix<T>(int size) : IDenseMatrix
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T[] _matrix = Draw(size * size);
    private readonly T[] _factors = new T[size * size], _first = new T[size * size], _second = new T[size * size];
    private readonly int[] _pivots = new int[size];

    public void Qr() => QrDecomposition.Factor<T>(_matrix, size, size, _first, _second);

    public void Inverse() => LuDecomposition.Inverse<T>(_matrix, size, _first);

    public void Solve()
    {
        _matrix.CopyTo(_factors, 0);
        _matrix.CopyTo(_first, 0);
        LuDecomposition.Factor<T>(_factors, size, _pivots, out _);
        LuDecomposition.Solve<T>(_factors, _pivots, size, _first, size);
    }

    public void SlogDet() => LuDecomposition.SlogDet<T>(_matrix, size, out _, out _);

    private static T[] Draw(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => T.CreateChecked(2 * random.NextDouble() - 1))];
    }
}
