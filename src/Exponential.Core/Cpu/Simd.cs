using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Exponential;

/// <summary>The vector widths that the contraction kernels are written for.</summary>
internal enum SimdWidth
{
    /// <summary>One value at a time, for hardware without vectors and as a reference.</summary>
    Scalar,

    /// <summary>128 bits: SSE and AdvSimd.</summary>
    Width128,

    /// <summary>256 bits: AVX2.</summary>
    Width256,

    /// <summary>512 bits: AVX-512.</summary>
    Width512,
}

/// <summary>
/// What a kernel needs of a vector of <typeparamref name="T"/>. A kernel is written once over this interface and instantiated
/// for each width; the vector itself is the type argument <typeparamref name="TVector"/>, because a struct around it would
/// keep the compiler from holding it in a register.
/// </summary>
internal unsafe interface ISimd<T, TVector>
    where T : unmanaged
{
    /// <summary>The number of values in a vector.</summary>
    static abstract int Count { get; }

    /// <summary>How many vectors wide a register tile of six rows may be before its sums no longer fit in registers.</summary>
    static abstract int TileVectors { get; }

    static abstract TVector Zero { get; }

    static abstract TVector Broadcast(T value);

    static abstract TVector Load(T* source);

    static abstract void Store(TVector value, T* destination);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Subtract(TVector a, TVector b);

    static abstract TVector Multiply(TVector a, TVector b);

    /// <summary>a b + c, fused where the hardware fuses.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>The values whose mask has all bits set, and zeros, whatever the value was, where the mask is zero.</summary>
    static abstract TVector Keep(TVector value, TVector mask);

    /// <summary>The sum of the values of a vector.</summary>
    static abstract T Sum(TVector value);

    /// <summary>Half a vector of each, a[0], b[0], a[1], b[1]..; not of the scalar.</summary>
    static abstract TVector Interleave(T* a, T* b);

    /// <summary>The inverse of <see cref="Interleave"/>: the even values to a, the odd ones to b.</summary>
    static abstract void Deinterleave(TVector value, T* a, T* b);
}

internal readonly unsafe struct Simd512<T> : ISimd<T, Vector512<T>>
    where T : unmanaged
{
    public static int Count => Vector512<T>.Count;

    public static int TileVectors => 4;

    public static Vector512<T> Zero => Vector512<T>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Broadcast(T value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Load(T* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<T> value, T* destination) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Add(Vector512<T> a, Vector512<T> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Subtract(Vector512<T> a, Vector512<T> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Keep(Vector512<T> value, Vector512<T> mask) => value & mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Multiply(Vector512<T> a, Vector512<T> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> MultiplyAdd(Vector512<T> a, Vector512<T> b, Vector512<T> c) => typeof(T) == typeof(float)
        ? Vector512.MultiplyAddEstimate(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
        : Vector512.MultiplyAddEstimate(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(Vector512<T> value) => Simd256<T>.Sum(value.GetLower() + value.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Interleave(T* a, T* b)
    {
        Vector512<T> halves = Vector512.Create(Vector256.Load(a), Vector256.Load(b));
        return typeof(T) == typeof(float)
            ? Vector512.Shuffle(halves.AsSingle(), Vector512.Create(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15)).As<float, T>()
            : Vector512.Shuffle(halves.AsDouble(), Vector512.Create(0L, 4L, 1L, 5L, 2L, 6L, 3L, 7L)).As<double, T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Deinterleave(Vector512<T> value, T* a, T* b)
    {
        Vector512<T> halves = typeof(T) == typeof(float)
            ? Vector512.Shuffle(value.AsSingle(), Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15)).As<float, T>()
            : Vector512.Shuffle(value.AsDouble(), Vector512.Create(0L, 2L, 4L, 6L, 1L, 3L, 5L, 7L)).As<double, T>();
        halves.GetLower().Store(a);
        halves.GetUpper().Store(b);
    }
}

internal readonly unsafe struct Simd256<T> : ISimd<T, Vector256<T>>
    where T : unmanaged
{
    public static int Count => Vector256<T>.Count;

    // 32 registers with AVX-512's encoding of 256-bit instructions, 16 with AVX2's.
    public static int TileVectors => Avx512F.VL.IsSupported ? 4 : 2;

    public static Vector256<T> Zero => Vector256<T>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Broadcast(T value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Load(T* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<T> value, T* destination) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Add(Vector256<T> a, Vector256<T> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Subtract(Vector256<T> a, Vector256<T> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Keep(Vector256<T> value, Vector256<T> mask) => value & mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Multiply(Vector256<T> a, Vector256<T> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> MultiplyAdd(Vector256<T> a, Vector256<T> b, Vector256<T> c) => typeof(T) == typeof(float)
        ? Vector256.MultiplyAddEstimate(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
        : Vector256.MultiplyAddEstimate(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(Vector256<T> value) => Vector128.Sum(value.GetLower() + value.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Interleave(T* a, T* b)
    {
        Vector256<T> halves = Vector256.Create(Vector128.Load(a), Vector128.Load(b));
        return typeof(T) == typeof(float)
            ? Vector256.Shuffle(halves.AsSingle(), Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).As<float, T>()
            : Vector256.Shuffle(halves.AsDouble(), Vector256.Create(0L, 2L, 1L, 3L)).As<double, T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Deinterleave(Vector256<T> value, T* a, T* b)
    {
        Vector256<T> halves = typeof(T) == typeof(float)
            ? Vector256.Shuffle(value.AsSingle(), Vector256.Create(0, 2, 4, 6, 1, 3, 5, 7)).As<float, T>()
            : Vector256.Shuffle(value.AsDouble(), Vector256.Create(0L, 2L, 1L, 3L)).As<double, T>();
        halves.GetLower().Store(a);
        halves.GetUpper().Store(b);
    }
}

internal readonly unsafe struct Simd128<T> : ISimd<T, Vector128<T>>
    where T : unmanaged
{
    public static int Count => Vector128<T>.Count;

    public static int TileVectors => Avx512F.VL.IsSupported || AdvSimd.Arm64.IsSupported ? 4 : 2;

    public static Vector128<T> Zero => Vector128<T>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Broadcast(T value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Load(T* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<T> value, T* destination) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Add(Vector128<T> a, Vector128<T> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Subtract(Vector128<T> a, Vector128<T> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Keep(Vector128<T> value, Vector128<T> mask) => value & mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Multiply(Vector128<T> a, Vector128<T> b) => a * b;

    // The estimate and not FusedMultiplyAdd: where the target is not known to fuse (a default ahead-of-time build), the latter
    // is emulated at a fortieth of the speed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> MultiplyAdd(Vector128<T> a, Vector128<T> b, Vector128<T> c) => typeof(T) == typeof(float)
        ? Vector128.MultiplyAddEstimate(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
        : Vector128.MultiplyAddEstimate(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(Vector128<T> value) => Vector128.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Interleave(T* a, T* b)
    {
        Vector128<T> halves = Vector128.Create(Vector64.Load(a), Vector64.Load(b));
        return typeof(T) == typeof(float)
            ? Vector128.Shuffle(halves.AsSingle(), Vector128.Create(0, 2, 1, 3)).As<float, T>()
            : Vector128.Shuffle(halves.AsDouble(), Vector128.Create(0L, 1L)).As<double, T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Deinterleave(Vector128<T> value, T* a, T* b)
    {
        Vector128<T> halves = typeof(T) == typeof(float)
            ? Vector128.Shuffle(value.AsSingle(), Vector128.Create(0, 2, 1, 3)).As<float, T>()
            : Vector128.Shuffle(value.AsDouble(), Vector128.Create(0L, 1L)).As<double, T>();
        halves.GetLower().Store(a);
        halves.GetUpper().Store(b);
    }
}

internal readonly unsafe struct SimdScalar<T> : ISimd<T, T>
    where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
{
    public static int Count => 1;

    public static int TileVectors => 2;

    public static T Zero => T.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Broadcast(T value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load(T* source) => *source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(T value, T* destination) => *destination = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Add(T a, T b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Subtract(T a, T b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Keep(T value, T mask) => mask == T.Zero ? T.Zero : value; // all bits set is a NaN

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Multiply(T a, T b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T MultiplyAdd(T a, T b, T c) => T.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(T value) => value;

    public static T Interleave(T* a, T* b) => throw new NotSupportedException("a scalar has no halves");

    public static void Deinterleave(T value, T* a, T* b) => throw new NotSupportedException("a scalar has no halves");
}
