using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Exponential.Nn;

/// <summary>
/// Cuts a set into the batches of an epoch, on a thread of its own that runs a few batches ahead of the one who reads them.
/// Order and augmentation depend on (seed, epoch, image) alone, not on threads or on where the epoch is entered.
/// </summary>
public sealed class BatchLoader
{
    /// <summary>The most batches that wait, ready, to be read.</summary>
    internal const int Ahead = 4;

    // Name the streams drawn from among all forks of a seed: "ORDER" and "AUGMENT" in ASCII.
    private const ulong OrderStream = 0x4F52444552;
    private const ulong AugmentStream = 0x4155474D454E54;
    private const int WordsPerImageBits = 20;

    // At most Ahead + 2 memories for each enumeration at a time: those ready, one being filled, one being read.
    private readonly ConcurrentBag<ImageBatch.Memory> _free = [];
    private readonly ImageSet _set;
    private readonly ulong _seed;
    private readonly bool _shuffle;
    private readonly Augmentation _augmentation;

    /// <summary>Shuffled and augmented batches, for training.</summary>
    /// <param name="set">The images, at least one.</param>
    /// <param name="batchSize">B, at least 1; the last batch of an epoch holds what is left.</param>
    /// <param name="seed">Fixes the order and the augmentation of every epoch.</param>
    /// <param name="augmentation">None when null.</param>
    /// <exception cref="ArgumentException">The set is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The batch size is below 1.</exception>
    public BatchLoader(ImageSet set, int batchSize, ulong seed, Augmentation? augmentation = null)
        : this(set, batchSize, seed, augmentation ?? Augmentation.None, shuffle: true)
    {
    }

    private BatchLoader(ImageSet set, int batchSize, ulong seed, Augmentation augmentation, bool shuffle)
    {
        ArgumentNullException.ThrowIfNull(set);
        if (set.Count == 0)
        {
            throw new ArgumentException($"BatchLoader: set '{set.Name}' must hold at least one image; it is empty", nameof(set));
        }

        AtLeast.One(batchSize, nameof(BatchLoader));

        _set = set;
        _seed = seed;
        _augmentation = augmentation;
        _shuffle = shuffle;
        BatchSize = Math.Min(batchSize, set.Count);
        BatchesPerEpoch = ((set.Count - 1) / BatchSize) + 1;
    }

    /// <summary>B: what was asked for, or the size of the set if that is less.</summary>
    public int BatchSize { get; }

    /// <summary>The number of batches of an epoch, the last partial one included.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>Batches in the set's order, unchanged, for evaluation.</summary>
    /// <param name="set">The images, at least one.</param>
    /// <param name="batchSize">B, at least 1.</param>
    /// <exception cref="ArgumentException">The set is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The batch size is below 1.</exception>
    public static BatchLoader InOrder(ImageSet set, int batchSize) => new(set, batchSize, 0, Augmentation.None, shuffle: false);

    /// <summary>
    /// The batches of an epoch. An exception on the loader's thread, say in the augmentation, is thrown here after the batches before
    /// it. Leaving the enumeration early, or cancelling, ends the thread.
    /// </summary>
    /// <param name="epoch">Which epoch, from 0.</param>
    /// <param name="startBatch">The first batch to give: what follows is what an enumeration from 0 gives from there on.</param>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>Batches that are valid until the enumeration moves on.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The epoch is negative, or the start not in 0..<see cref="BatchesPerEpoch"/>.</exception>
    public IEnumerable<ImageBatch> Epoch(int epoch, int startBatch = 0, CancellationToken cancellationToken = default)
    {
        if (epoch < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(epoch), $"BatchLoader: epoch must be at least 0; got {epoch}");
        }

        if (startBatch < 0 || startBatch > BatchesPerEpoch)
        {
            throw new ArgumentOutOfRangeException(
                nameof(startBatch),
                $"BatchLoader: startBatch must lie in 0..{BatchesPerEpoch} ({_set.Count} images of '{_set.Name}' in batches of {BatchSize}); "
                + $"got {startBatch}");
        }

        return Read(epoch, startBatch, cancellationToken);
    }

    private IEnumerable<ImageBatch> Read(int epoch, int startBatch, CancellationToken cancellationToken)
    {
        // Synchronous continuations: both ends only ever block, so all that runs inline is the signal that ends the other's wait.
        // Nothing here needs a thread of the pool, which an application may keep busy.
        Channel<ImageBatch> ready = Channel.CreateBounded<ImageBatch>(new BoundedChannelOptions(Ahead)
        {
            SingleReader = true,
            SingleWriter = true,
            AllowSynchronousContinuations = true,
        });
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Thread producer = new(() => Produce(ready.Writer, epoch, startBatch, stop.Token))
        {
            IsBackground = true,
            Name = "Exponential batches",
        };
        producer.Start();
        try
        {
            while (Wait(ready.Reader.WaitToReadAsync(CancellationToken.None)))
            {
                while (!cancellationToken.IsCancellationRequested && ready.Reader.TryRead(out ImageBatch? batch))
                {
                    try
                    {
                        yield return batch;
                    }
                    finally
                    {
                        _free.Add(batch.Release());
                    }
                }

                cancellationToken.ThrowIfCancellationRequested();
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
        finally
        {
            stop.Cancel();
            producer.Join();
            while (ready.Reader.TryRead(out ImageBatch? unread))
            {
                _free.Add(unread.Release());
            }
        }
    }

    /// <summary>The loader's thread: fills batches until the epoch, or the one who reads, has ended.</summary>
    private void Produce(ChannelWriter<ImageBatch> ready, int epoch, int startBatch, CancellationToken stop)
    {
        try
        {
            int[] order = Order(epoch);
            Generator generator = new Generator(_seed).Fork(AugmentStream).Fork((ulong)epoch);
            for (int number = startBatch; number < BatchesPerEpoch; number++)
            {
                ImageBatch batch = Fill(number, order, generator, stop);
                while (!ready.TryWrite(batch))
                {
                    Wait(ready.WaitToWriteAsync(stop));
                }
            }

            ready.Complete();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            ready.Complete();
        }
        catch (Exception error)
        {
            ready.Complete(error);
        }
    }

    /// <summary>The order of an epoch's images.</summary>
    private int[] Order(int epoch)
    {
        int[] order = new int[_set.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        if (_shuffle)
        {
            new Generator(_seed).Fork(OrderStream).Fork((ulong)epoch).Shuffle<int>(order);
        }

        return order;
    }

    private ImageBatch Fill(int number, int[] order, Generator generator, CancellationToken stop)
    {
        int first = number * BatchSize;
        int count = Math.Min(BatchSize, order.Length - first);
        if (!_free.TryTake(out ImageBatch.Memory? memory))
        {
            memory = new ImageBatch.Memory(BatchSize, _set.BytesPerImage);
        }

        for (int i = 0; i < count; i++)
        {
            stop.ThrowIfCancellationRequested();
            int index = order[first + i];
            memory.Indices[i] = index;

            // Each image has a stretch of the epoch's stream to itself, wherever it comes in the order.
            generator.Offset = (ulong)index << WordsPerImageBits;
            Span<byte> destination = memory.Pixels.AsSpan(i * _set.BytesPerImage, _set.BytesPerImage);
            _augmentation.Apply(_set[index], destination, _set.Channels, _set.Height, _set.Width, generator);
        }

        return new ImageBatch(number, count, _set, memory);
    }

    private static bool Wait(ValueTask<bool> task) => task.IsCompleted ? task.Result : task.AsTask().GetAwaiter().GetResult();
}
