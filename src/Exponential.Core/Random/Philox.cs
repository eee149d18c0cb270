using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Exponential;

/// <summary>
/// The counter-based generator Philox 4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
/// A stream is named by its seed, the 64-bit key. Its word j is word j mod 4 of the block whose counter is (j div 4, 0), so each word is
/// a pure function of (seed, j): a range may be cut anywhere and filled in any order, on any thread or device, with the same bits.
/// </summary>
/// <remarks>
/// Words used by each element, where element j of a call starts at word <c>offset + j * words</c>:
/// <list type="bullet">
/// <item>uniform float: 1 word, its upper 24 bits;</item>
/// <item>uniform double: 2 words, the upper 53 bits of (second, first) as one 64-bit number;</item>
/// <item>normal float: 2 words for each pair of elements (2p, 2p + 1);</item>
/// <item>normal double: 4 words for each pair of elements (2p, 2p + 1).</item>
/// </list>
/// Any offset is allowed. Normals come in pairs, so a call for normals may be cut only at an even element, and one for an odd number of
/// them uses up the words of its last pair; <see cref="NormalWords"/> counts them. Offsets that are a multiple of 4 are fastest.
/// </remarks>
internal static class Philox
{
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9; // the golden ratio
    private const uint Weyl1 = 0xBB67AE85; // sqrt(3) - 1
    private const int Rounds = 10;

    // A stream has 2^64 words, after which it starts again.
    private const ulong LastBlock = ulong.MaxValue >> 2;

    // Pairs of normals made at a time: the scratch stays in the first-level cache, and is a whole number of vectors at any width.
    private const int PairsAtOnce = 256;

    /// <summary>The number of words that <paramref name="count"/> normals use up.</summary>
    public static ulong NormalWords(int count, bool isDouble) => (ulong)(count + (count & 1)) * (isDouble ? 2u : 1u);

    /// <summary>Philox 4x32-10 of one 128-bit counter under one 64-bit key: the reference, of which everything else is a faster form.</summary>
    public static (uint, uint, uint, uint) Block(uint c0, uint c1, uint c2, uint c3, uint key0, uint key1)
    {
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = (ulong)Multiplier0 * c0;
            ulong product1 = (ulong)Multiplier1 * c2;
            (c0, c1, c2, c3) = ((uint)(product1 >> 32) ^ c1 ^ key0, (uint)product1, (uint)(product0 >> 32) ^ c3 ^ key1, (uint)product0);
            key0 += Weyl0;
            key1 += Weyl1;
        }

        return (c0, c1, c2, c3);
    }

    /// <summary>Writes the words offset, offset + 1, ... of the stream <paramref name="seed"/>.</summary>
    public static void Words(ulong seed, ulong offset, Span<uint> destination)
    {
        ulong block = offset >> 2;
        int lane = (int)(offset & 3);
        Span<uint> words = stackalloc uint[4];

        if (lane != 0 && !destination.IsEmpty)
        {
            WriteBlock(seed, block++, words);
            int taken = Math.Min(4 - lane, destination.Length);
            words.Slice(lane, taken).CopyTo(destination);
            destination = destination[taken..];
        }

        if (Avx2.IsSupported)
        {
            int blocks = destination.Length / 16 * 4;
            FourBlocksAtOnce(seed, block, destination[..(blocks * 4)]);
            block += (ulong)blocks;
            destination = destination[(blocks * 4)..];
        }

        for (; destination.Length >= 4; destination = destination[4..])
        {
            WriteBlock(seed, block++, destination);
        }

        if (!destination.IsEmpty)
        {
            WriteBlock(seed, block, words);
            words[..destination.Length].CopyTo(destination);
        }
    }

    /// <summary>Uniform numbers in [0, 1): multiples of 2^-24. Element j is word offset + j.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FillUniform(ulong seed, ulong offset, Span<float> destination)
    {
        Span<uint> words = MemoryMarshal.Cast<float, uint>(destination);
        Words(seed, offset, words);

        // In place. Each step is exact, so vectors and the scalar remainder agree to the bit.
        const float Unit = 1f / (1 << 24);
        int i = 0;
        for (; i <= words.Length - Vector<uint>.Count; i += Vector<uint>.Count)
        {
            Vector<int> bits = Vector.AsVectorInt32(Vector.ShiftRightLogical(new Vector<uint>(words[i..]), 8));
            (Vector.ConvertToSingle(bits) * Unit).CopyTo(destination[i..]);
        }

        for (; i < words.Length; i++)
        {
            destination[i] = (words[i] >> 8) * Unit;
        }
    }

    /// <summary>Uniform numbers in [0, 1): multiples of 2^-53. Element j is words offset + 2j and offset + 2j + 1, the lower half first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FillUniform(ulong seed, ulong offset, Span<double> destination)
    {
        Words(seed, offset, MemoryMarshal.Cast<double, uint>(destination));

        Span<ulong> pairs = MemoryMarshal.Cast<double, ulong>(destination);
        int i = 0;
        for (; i <= pairs.Length - Vector<ulong>.Count; i += Vector<ulong>.Count)
        {
            Vector<long> bits = Vector.AsVectorInt64(Vector.ShiftRightLogical(new Vector<ulong>(pairs[i..]), 11));
            (Vector.ConvertToDouble(bits) * (1.0 / (1L << 53))).CopyTo(destination[i..]);
        }

        for (; i < pairs.Length; i++)
        {
            destination[i] = ToUniform(pairs[i]);
        }
    }

    /// <summary>
    /// Standard normal numbers, |z| at most 6.7. The pair p, elements 2p and 2p + 1, is made of words offset + 2p and offset + 2p + 1
    /// (see <see cref="BoxMuller"/>), in float64, then rounded.
    /// </summary>
    [SkipLocalsInit]
    public static void FillNormal(ulong seed, ulong offset, Span<float> destination)
    {
        Span<uint> words = stackalloc uint[2 * PairsAtOnce];
        Span<double> first = stackalloc double[PairsAtOnce];
        Span<double> second = stackalloc double[PairsAtOnce];
        first.Clear();
        second.Clear();

        while (!destination.IsEmpty)
        {
            int pairs = Math.Min(PairsAtOnce, (destination.Length + 1) / 2);
            Words(seed, offset, words[..(2 * pairs)]);
            for (int p = 0; p < pairs; p++)
            {
                const double Unit = 1.0 / (1L << 32);
                first[p] = words[2 * p] * Unit;
                second[p] = words[2 * p + 1] * Unit;
            }

            BoxMuller.Transform(first, second, pairs);
            int whole = Math.Min(pairs, destination.Length / 2);
            for (int p = 0; p < whole; p++)
            {
                destination[2 * p] = (float)first[p];
                destination[2 * p + 1] = (float)second[p];
            }

            if (whole < pairs)
            {
                destination[2 * whole] = (float)first[whole];
            }

            destination = destination[Math.Min(2 * pairs, destination.Length)..];
            offset += (ulong)(2 * pairs);
        }
    }

    /// <summary>
    /// Standard normal numbers, |z| at most 8.6. The pair p, elements 2p and 2p + 1, is made of the words offset + 4p to offset + 4p + 3
    /// (see <see cref="BoxMuller"/>).
    /// </summary>
    [SkipLocalsInit]
    public static void FillNormal(ulong seed, ulong offset, Span<double> destination)
    {
        Span<ulong> words = stackalloc ulong[2 * PairsAtOnce];
        Span<double> first = stackalloc double[PairsAtOnce];
        Span<double> second = stackalloc double[PairsAtOnce];
        first.Clear();
        second.Clear();

        while (!destination.IsEmpty)
        {
            int pairs = Math.Min(PairsAtOnce, (destination.Length + 1) / 2);
            Words(seed, offset, MemoryMarshal.Cast<ulong, uint>(words[..(2 * pairs)]));
            for (int p = 0; p < pairs; p++)
            {
                first[p] = ToUniform(words[2 * p]);
                second[p] = ToUniform(words[2 * p + 1]);
            }

            BoxMuller.Transform(first, second, pairs);
            int whole = Math.Min(pairs, destination.Length / 2);
            for (int p = 0; p < whole; p++)
            {
                destination[2 * p] = first[p];
                destination[2 * p + 1] = second[p];
            }

            if (whole < pairs)
            {
                destination[2 * whole] = first[whole];
            }

            destination = destination[Math.Min(2 * pairs, destination.Length)..];
            offset += (ulong)(4 * pairs);
        }
    }

    /// <summary>A uniform number in [0, 1) from the upper 53 bits of 64.</summary>
    public static double ToUniform(ulong bits) => (long)(bits >> 11) * (1.0 / (1L << 53));

    private static void WriteBlock(ulong seed, ulong block, Span<uint> destination)
    {
        block &= LastBlock;
        (destination[0], destination[1], destination[2], destination[3]) =
            Block((uint)block, (uint)(block >> 32), 0, 0, (uint)seed, (uint)(seed >> 32));
    }

    /// <summary>
    /// Four blocks a turn, one in each 64-bit lane; vpmuludq reads the lower half of a lane only, so the upper halves may hold anything
    /// until the end. The lanes hold the blocks 0, 2, 1, 3, so that unpacking leaves them in order.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourBlocksAtOnce(ulong seed, ulong block, Span<uint> destination)
    {
        Vector256<uint> multiplier0 = Vector256.Create(Multiplier0);
        Vector256<uint> multiplier1 = Vector256.Create(Multiplier1);
        Vector256<uint> weyl0 = Vector256.Create(Weyl0);
        Vector256<uint> weyl1 = Vector256.Create(Weyl1);
        Vector256<ulong> lower = Vector256.Create(0xFFFFFFFFUL);
        Vector256<ulong> counter = Vector256.Create(block) + Vector256.Create(0UL, 2, 1, 3);

        for (; !destination.IsEmpty; destination = destination[16..], counter += Vector256.Create(4UL))
        {
            Vector256<uint> key0 = Vector256.Create((uint)seed);
            Vector256<uint> key1 = Vector256.Create((uint)(seed >> 32));
            Vector256<uint> c0 = counter.AsUInt32();
            Vector256<uint> c1 = ((counter & Vector256.Create(LastBlock)) >>> 32).AsUInt32();
            Vector256<uint> c2 = Vector256<uint>.Zero;
            Vector256<uint> c3 = Vector256<uint>.Zero;
            for (int round = 0; round < Rounds; round++)
            {
                Vector256<ulong> product0 = Avx2.Multiply(multiplier0, c0);
                Vector256<ulong> product1 = Avx2.Multiply(multiplier1, c2);
                c0 = (product1 >>> 32).AsUInt32() ^ c1 ^ key0;
                c1 = product1.AsUInt32();
                c2 = (product0 >>> 32).AsUInt32() ^ c3 ^ key1;
                c3 = product0.AsUInt32();
                key0 += weyl0;
                key1 += weyl1;
            }

            Vector256<ulong> words01 = (c0.AsUInt64() & lower) | (c1.AsUInt64() << 32);
            Vector256<ulong> words23 = (c2.AsUInt64() & lower) | (c3.AsUInt64() << 32);
            Avx2.UnpackLow(words01, words23).AsUInt32().CopyTo(destination);
            Avx2.UnpackHigh(words01, words23).AsUInt32().CopyTo(destination[8..]);
        }
    }
}
