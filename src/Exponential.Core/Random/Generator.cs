namespace Exponential;

/// <summary>
/// A source of random numbers: the counter-based generator Philox 4x32-10. Its whole state is a seed, which names a stream of 32-bit
/// words, and an offset, the index of the next word; both can be stored and set again. The numbers depend on nothing else: not on the
/// number of threads, the processor or the vector width.
/// </summary>
/// <remarks>
/// Draws use up a fixed number of words: <see cref="NextUInt32"/> 1, <see cref="NextUInt64"/> and <see cref="NextDouble"/> 2. Only
/// <see cref="NextInt32"/> and <see cref="Shuffle"/>, which reject to stay unbiased, may use more. Not safe for use by several threads
/// at once: give each its own by <see cref="Fork"/>.
/// </remarks>
public sealed partial class Generator
{
    // Marks counters of Fork, "FORK" in ASCII; the words of a stream have 0 there, so a fork's seed never appears among them.
    private const uint ForkMark = 0x464F524B;

    private (uint, uint, uint, uint) _block;
    private ulong? _blockIndex;

    /// <summary>Starts at word <paramref name="offset"/> of the stream named by <paramref name="seed"/>.</summary>
    /// <param name="seed">Names the stream: any value, and different values give independent streams.</param>
    /// <param name="offset">The index of the first word to draw.</param>
    public Generator(ulong seed, ulong offset = 0)
    {
        Seed = seed;
        Offset = offset;
    }

    /// <summary>The name of the stream.</summary>
    public ulong Seed { get; }

    /// <summary>The index of the next word to draw. Setting it moves the generator, back or ahead.</summary>
    public ulong Offset { get; set; }

    /// <summary>The next word: uniform over all 32-bit numbers.</summary>
    public uint NextUInt32()
    {
        ulong index = Offset >> 2;
        if (_blockIndex != index)
        {
            _block = Philox.Block((uint)index, (uint)(index >> 32), 0, 0, (uint)Seed, (uint)(Seed >> 32));
            _blockIndex = index;
        }

        return (Offset++ & 3) switch
        {
            0 => _block.Item1,
            1 => _block.Item2,
            2 => _block.Item3,
            _ => _block.Item4,
        };
    }

    /// <summary>The next two words, the lower half first: uniform over all 64-bit numbers.</summary>
    public ulong NextUInt64()
    {
        ulong lower = NextUInt32();
        return lower | ((ulong)NextUInt32() << 32);
    }

    /// <summary>Uniform over the multiples of 2^-53 in [0, 1). Uses 2 words.</summary>
    public double NextDouble() => Philox.ToUniform(NextUInt64());

    /// <summary>
    /// Uniform over 0, 1, ..., <paramref name="exclusiveMax"/> - 1, without bias (Lemire, "Fast random integer generation in an
    /// interval", 2019). Uses 1 word, and another each time a word is rejected: at most every second one, and hardly ever for small ranges.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="exclusiveMax"/> is not positive.</exception>
    public int NextInt32(int exclusiveMax)
    {
        if (exclusiveMax <= 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(exclusiveMax), $"NextInt32: exclusiveMax must be at least 1; it is {exclusiveMax}");
        }

        uint range = (uint)exclusiveMax;
        ulong product = (ulong)NextUInt32() * range;

        // Of the 2^32 words, those whose product has a lower half below 2^32 mod range are one too many for some results.
        if ((uint)product < range)
        {
            uint surplus = (0u - range) % range;
            while ((uint)product < surplus)
            {
                product = (ulong)NextUInt32() * range;
            }
        }

        return (int)(product >> 32);
    }

    /// <summary>Puts the items in random order, each order equally likely (Fisher and Yates), by <see cref="NextInt32"/>.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int last = items.Length - 1; last > 0; last--)
        {
            int chosen = NextInt32(last + 1);
            (items[last], items[chosen]) = (items[chosen], items[last]);
        }
    }

    /// <summary>
    /// A generator with a stream of its own, at its start, that depends on this one's seed and <paramref name="stream"/> alone, not on
    /// the offset: so <c>new Generator(seed).Fork(epoch)</c> gives an epoch the same order whatever was drawn before.
    /// </summary>
    /// <param name="stream">Names the fork among those of this seed.</param>
    public Generator Fork(ulong stream)
    {
        (uint lower, uint upper, _, _) =
            Philox.Block((uint)stream, (uint)(stream >> 32), ForkMark, 0, (uint)Seed, (uint)(Seed >> 32));
        return new Generator(lower | ((ulong)upper << 32));
    }

    /// <summary>A generator in the same state, which draws the same numbers as this one would.</summary>
    public Generator Clone() => new(Seed, Offset);

    /// <summary>The state: seed and offset.</summary>
    public override string ToString() => $"Generator(seed: {Seed}, offset: {Offset})";
}
