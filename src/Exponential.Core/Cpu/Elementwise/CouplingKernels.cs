using System.Numerics;
using System.Numerics.Tensors;

namespace Exponential;

/// <summary>The sizes of a coupling: images [Batch, 2 Half, ...] of Plane pixels, of which the second Half channels are moved.</summary>
internal readonly record struct CouplingGeometry(int Batch, int Half, int Plane)
{
    /// <summary>Vector operations on an element, which are mostly those of tanh and exp.</summary>
    private const int Cost = 64;

    /// <summary>Calls body(image, channel) for every channel that is moved.</summary>
    public void ForChannels(Action<int, int> body)
    {
        int half = Half;
        KernelWork.For((long)Cost * Batch * Half * Plane, Batch * Half, row =>
        {
            (int image, int channel) = Math.DivRem(row, half);
            body(image, channel);
        });
    }
}

/// <summary>
/// The affine coupling of <see cref="CouplingOperation"/> and its gradients, a channel at a time, in pieces that stay in the level-1
/// cache from one function to the next. With r = 1, or -1 for the inverse, both directions have the log-scale s = 2 r tanh(h_s / 2).
/// </summary>
internal static unsafe class CouplingKernels
{
    /// <summary>Elements at once: small enough for the stack, long enough for the vector loops.</summary>
    private const int Piece = 256;

    /// <summary>z and the sums of s.</summary>
    public static void Apply<T>(CouplingGeometry g, Items<T> x, Items<T> h, bool inverse, T* z, T* logDet)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        (int half, int plane) = (g.Half, g.Plane);
        using var sums = new Scratch<double>(Math.Max(1, (long)g.Batch * half));
        double* partial = sums.Pointer;
        g.ForChannels((image, channel) =>
        {
            T* kept = x[image] + ((nint)channel * plane);
            T* scale = h[image] + ((nint)channel * 2 * plane);
            T* result = z + ((((nint)image * 2 * half) + channel) * plane);
            new ReadOnlySpan<T>(kept, plane).CopyTo(new Span<T>(result, plane));
            nint moved = (nint)half * plane;
            partial[(image * half) + channel] = Channel(kept + moved, scale, scale + plane, inverse, result + moved, plane);
        });
        for (int image = 0; image < g.Batch; image++)
        {
            double sum = 0;
            for (int channel = 0; channel < half; channel++)
            {
                sum += partial[(image * half) + channel];
            }

            logDet[image] = T.CreateTruncating(sum);
        }
    }

    /// <summary>The gradients for x and h of the product with cotangents of z and of the sums.</summary>
    public static void Gradient<T>(
        CouplingGeometry g, Items<T> x, Items<T> h, bool inverse, Items<T> zCotangent, T* logDetCotangent, T* xGradient, T* hGradient)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        (int half, int plane) = (g.Half, g.Plane);
        g.ForChannels((image, channel) =>
        {
            nint kept = (nint)channel * plane;
            nint moved = (nint)(half + channel) * plane;
            nint scale = (nint)channel * 2 * plane;
            nint start = (nint)image * 2 * half * plane;
            new ReadOnlySpan<T>(zCotangent[image] + kept, plane).CopyTo(new Span<T>(xGradient + start + kept, plane));
            ChannelGradient(
                x[image] + moved, h[image] + scale, inverse, zCotangent[image] + moved, logDetCotangent[image],
                xGradient + start + moved, hGradient + start + scale, plane);
        });
    }

    private static double Channel<T>(T* x, T* scale, T* translation, bool inverse, T* z, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T* buffer = stackalloc T[Piece];
        T r = inverse ? -T.One : T.One;
        double sum = 0;
        for (int done = 0; done < length; done += Piece)
        {
            int count = Math.Min(Piece, length - done);
            var s = new Span<T>(buffer, count);
            var from = new ReadOnlySpan<T>(x + done, count);
            var move = new ReadOnlySpan<T>(translation + done, count);
            var to = new Span<T>(z + done, count);
            HalfTanh(scale + done, buffer, count);
            TensorPrimitives.Multiply(s, r + r, s);
            sum += double.CreateTruncating(TensorPrimitives.Sum<T>(s));
            VectorFunctions.Run<T, ExponentialFunctions<T>.Exp>(buffer, buffer, count);
            if (inverse)
            {
                TensorPrimitives.Subtract(from, move, to);
                TensorPrimitives.Multiply(to, s, to);
            }
            else
            {
                TensorPrimitives.MultiplyAdd(from, s, move, to);
            }
        }

        return sum;
    }

    /// <summary>
    /// With e = e^s: z = x e + t has the gradients g e, g and g x e for x, t and s; z = (x - t) e has g e, -g e and g (x - t) e. The
    /// log-det's cotangent adds to that of s, and ds/dh_s = r (1 - tanh^2(h_s / 2)).
    /// </summary>
    private static void ChannelGradient<T>(
        T* x, T* h, bool inverse, T* cotangent, T logDetCotangent, T* xGradient, T* hGradient, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T* buffers = stackalloc T[2 * Piece];
        T r = inverse ? -T.One : T.One;
        for (int done = 0; done < length; done += Piece)
        {
            int count = Math.Min(Piece, length - done);
            var tanh = new Span<T>(buffers, count);
            var s = new Span<T>(buffers + Piece, count);
            ReadOnlySpan<T> from = new(x + done, count);
            var g = new ReadOnlySpan<T>(cotangent + done, count);
            var forX = new Span<T>(xGradient + done, count);
            var forScale = new Span<T>(hGradient + done, count);
            var forTranslation = new Span<T>(hGradient + length + done, count);
            HalfTanh(h + done, buffers, count);
            TensorPrimitives.Multiply(tanh, r + r, s);
            VectorFunctions.Run<T, ExponentialFunctions<T>.Exp>(buffers + Piece, buffers + Piece, count);
            TensorPrimitives.Multiply(g, s, forX);
            if (inverse)
            {
                TensorPrimitives.Subtract(from, new ReadOnlySpan<T>(h + length + done, count), s);
                from = s;
                TensorPrimitives.Negate<T>(forX, forTranslation);
            }
            else
            {
                g.CopyTo(forTranslation);
            }

            TensorPrimitives.MultiplyAdd(forX, from, logDetCotangent, forScale);
            TensorPrimitives.Multiply(forScale, r, forScale);
            TensorPrimitives.Multiply(tanh, tanh, tanh);
            TensorPrimitives.Subtract(T.One, tanh, tanh);
            TensorPrimitives.Multiply(forScale, tanh, forScale);
        }
    }

    private static void HalfTanh<T>(T* h, T* result, int count)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        TensorPrimitives.Multiply(new ReadOnlySpan<T>(h, count), T.CreateTruncating(0.5), new Span<T>(result, count));
        VectorFunctions.Run<T, ExponentialFunctions<T>.Tanh>(result, result, count);
    }
}
