using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Exponential;

/// <summary>Four by four values transposed in registers.</summary>
internal static unsafe class Transposition
{
    /// <summary>b_j[i] = a_i[j].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FourByFour<T>(T* a0, T* a1, T* a2, T* a3, T* b0, T* b1, T* b2, T* b3)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float) && (Sse2.IsSupported || AdvSimd.Arm64.IsSupported))
        {
            Vector128<float> x0 = Vector128.Load((float*)a0), x1 = Vector128.Load((float*)a1);
            Vector128<float> x2 = Vector128.Load((float*)a2), x3 = Vector128.Load((float*)a3);
            Vector128<double> low01 = ZipLow(x0, x1).AsDouble(), high01 = ZipHigh(x0, x1).AsDouble();
            Vector128<double> low23 = ZipLow(x2, x3).AsDouble(), high23 = ZipHigh(x2, x3).AsDouble();
            ZipLow(low01, low23).AsSingle().Store((float*)b0);
            ZipHigh(low01, low23).AsSingle().Store((float*)b1);
            ZipLow(high01, high23).AsSingle().Store((float*)b2);
            ZipHigh(high01, high23).AsSingle().Store((float*)b3);
            return;
        }

        for (int i = 0; i < 4; i++)
        {
            T* a = i == 0 ? a0 : i == 1 ? a1 : i == 2 ? a2 : a3;
            b0[i] = a[0];
            b1[i] = a[1];
            b2[i] = a[2];
            b3[i] = a[3];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b) =>
        Sse2.IsSupported ? Sse.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b) =>
        Sse2.IsSupported ? Sse.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> ZipLow(Vector128<double> a, Vector128<double> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> ZipHigh(Vector128<double> a, Vector128<double> b) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);
}
