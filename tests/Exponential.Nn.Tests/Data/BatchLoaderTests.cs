using System.Collections.Concurrent;
using Xunit;

namespace Exponential.Nn.Tests;

public sealed class BatchLoaderTests
{
    private static readonly ImageSet Set = BuiltInImages.Create(seed: 4, 53, 0, 0).Train;

    [Fact]
    public void AnEpochHoldsEachImageOnceAndThePartialBatch()
    {
        BatchLoader loader = new(Set, 8, seed: 1);
        Assert.Equal(7, loader.BatchesPerEpoch);
        List<int> indices = [];
        List<int> counts = [];
        foreach (ImageBatch batch in loader.Epoch(0, cancellationToken: TestContext.Current.CancellationToken))
        {
            Assert.Equal(counts.Count, batch.Number);
            Assert.Equal((3, 32, 32), (batch.Channels, batch.Height, batch.Width));
            Assert.Equal(batch.Count * 3072, batch.Pixels.Length);
            for (int i = 0; i < batch.Count; i++)
            {
                Assert.True(batch.Pixels.Slice(i * 3072, 3072).SequenceEqual(Set[batch.Indices[i]]));
            }

            counts.Add(batch.Count);
            indices.AddRange(batch.Indices);
        }

        Assert.Equal([8, 8, 8, 8, 8, 8, 5], counts);
        Assert.NotEqual(Enumerable.Range(0, 53), indices);
        Assert.Equal(Enumerable.Range(0, 53), indices.Order());
    }

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void TensorsHoldTheBytesAndLast(DType dtype)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        Tensor[] tensors = [.. new BatchLoader(Set, 20, seed: 1).Epoch(0, 0, token).Select(batch => batch.ToTensor(dtype))];
        Assert.Equal([[20, 3, 32, 32], [20, 3, 32, 32], [13, 3, 32, 32]], tensors.Select(tensor => tensor.Shape));
        Assert.All(tensors, tensor => Assert.Equal(dtype, tensor.DType));
        double[] values = [.. tensors.SelectMany(tensor => tensor.To(DType.Float64).ToArray<double>())];
        Assert.Equal(Pixels(new BatchLoader(Set, 20, seed: 1), 0).Select(b => (double)b), values);
    }

    [Fact]
    public void TheOrderIsFixedBySeedAndEpoch()
    {
        BatchLoader loader = new(Set, 8, seed: 1);
        int[] order = Order(loader, 3);
        Assert.Equal(order, Order(loader, 3));
        Assert.Equal(order, Order(new BatchLoader(Set, 8, seed: 1), 3));
        Assert.Equal(order, Order(new BatchLoader(Set, 20, seed: 1), 3));
        Assert.NotEqual(order, Order(loader, 4));
        Assert.NotEqual(order, Order(new BatchLoader(Set, 8, seed: 2), 3));
    }

    [Fact]
    public void InOrderChangesNothing()
    {
        BatchLoader loader = BatchLoader.InOrder(Set, 10);
        foreach (int epoch in new[] { 0, 5 })
        {
            Assert.Equal(Set.Pixels.ToArray(), Pixels(loader, epoch));
        }
    }

    /// <summary>A resumed epoch goes on with exactly the batches it would have had.</summary>
    [Fact]
    public void StartsAnywhere()
    {
        BatchLoader loader = new(Set, 8, seed: 1, Augmentation.FlipAndShift);
        byte[] whole = Pixels(loader, 2);
        for (int start = 0; start <= loader.BatchesPerEpoch; start++)
        {
            byte[] rest = Pixels(loader, 2, start);
            Assert.Equal(whole[Math.Min(start * 8 * 3072, whole.Length)..], rest);
        }
    }

    [Fact]
    public void AugmentationIsFixedBySeedEpochAndImage()
    {
        Dictionary<int, byte[]> byEights = Images(new BatchLoader(Set, 8, seed: 1, Augmentation.FlipAndShift), 2);
        Dictionary<int, byte[]> byTwenties = Images(new BatchLoader(Set, 20, seed: 1, Augmentation.FlipAndShift), 2);
        Dictionary<int, byte[]> later = Images(new BatchLoader(Set, 8, seed: 1, Augmentation.FlipAndShift), 3);
        int changed = 0;
        foreach ((int index, byte[] image) in byEights)
        {
            Assert.Equal(image, byTwenties[index]);
            changed += image.AsSpan().SequenceEqual(later[index]) ? 0 : 1;
        }

        Assert.InRange(changed, 40, 53);
    }

    [Fact]
    public void WorksAheadOnAnotherThread()
    {
        Recorder recorder = new();
        BatchLoader loader = new(Set, 2, seed: 1, recorder);
        using IEnumerator<ImageBatch> batches = loader.Epoch(0, cancellationToken: TestContext.Current.CancellationToken).GetEnumerator();
        Assert.True(batches.MoveNext());

        // One is read, the channel is full, one more is in hand: there it must stop.
        int most = 2 * (1 + BatchLoader.Ahead + 1);
        Assert.True(SpinWait.SpinUntil(() => recorder.Count == most, 5_000), $"{recorder.Count} images of {most}");
        Thread.Sleep(50);
        Assert.Equal(most, recorder.Count);
        Assert.DoesNotContain(Thread.CurrentThread, recorder.Threads);
        Assert.Single(recorder.Threads.Distinct());
    }

    [Fact]
    public void LeavingEarlyEndsTheThread()
    {
        Recorder recorder = new();
        BatchLoader loader = new(Set, 2, seed: 1, recorder);
        foreach (ImageBatch batch in loader.Epoch(0, cancellationToken: TestContext.Current.CancellationToken))
        {
            if (batch.Number == 2)
            {
                break;
            }
        }

        Assert.False(recorder.Threads.First().IsAlive);
        Assert.Equal(Order(loader, 1), Order(new BatchLoader(Set, 2, seed: 1), 1));
    }

    [Fact]
    public void CancellingEndsTheEnumerationAndTheThread()
    {
        using CancellationTokenSource cancel = new();
        Recorder recorder = new();
        BatchLoader loader = new(Set, 2, seed: 1, recorder);
        int read = 0;
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            foreach (ImageBatch batch in loader.Epoch(0, cancellationToken: cancel.Token))
            {
                read++;
                if (batch.Number == 3)
                {
                    cancel.Cancel();
                }
            }
        });
        Assert.Equal(4, read);
        Assert.False(recorder.Threads.First().IsAlive);
    }

    /// <summary>Also while the reader waits for a batch that takes its time.</summary>
    [Fact]
    public void CancellingEndsAWait()
    {
        using CancellationTokenSource cancel = new();
        using ManualResetEventSlim reached = new();
        using ManualResetEventSlim go = new();
        BatchLoader loader = new(Set, 2, seed: 1, new Callback(_ =>
        {
            reached.Set();
            go.Wait();
        }));
        Thread canceller = new(() =>
        {
            reached.Wait();
            cancel.Cancel();
            go.Set();
        });
        canceller.Start();
        Assert.ThrowsAny<OperationCanceledException>(() => loader.Epoch(0, cancellationToken: cancel.Token).Count());
        canceller.Join();
    }

    [Fact]
    public void AnErrorOfTheThreadReachesTheReaderAfterTheBatchesBeforeIt()
    {
        int images = 0;
        BatchLoader loader = new(Set, 8, seed: 1, new Callback(_ =>
        {
            if (++images == 20)
            {
                throw new InvalidOperationException("image 20 is bad");
            }
        }));
        int read = 0;
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() =>
        {
            foreach (ImageBatch batch in loader.Epoch(0, cancellationToken: TestContext.Current.CancellationToken))
            {
                read += batch.Count;
            }
        });
        Assert.Equal("image 20 is bad", error.Message);
        Assert.Equal(16, read);
    }

    [Fact]
    public void ABatchCannotBeReadOnceItsMemoryIsUsedAgain()
    {
        ImageBatch[] kept = [.. new BatchLoader(Set, 8, seed: 1).Epoch(0, cancellationToken: TestContext.Current.CancellationToken)];
        Assert.Equal(
            "ImageBatch: batch 2 was read after the enumeration moved on and its memory was used again; copy what is needed inside the loop",
            Assert.Throws<InvalidOperationException>(() => kept[2].Pixels.Length).Message);
        Assert.Throws<InvalidOperationException>(() => kept[0].Indices.Length);
    }

    [Fact]
    public void EnumerationsDoNotDisturbEachOther()
    {
        BatchLoader loader = new(Set, 8, seed: 1, Augmentation.FlipAndShift);
        byte[] expected = Pixels(loader, 0);
        CancellationToken token = TestContext.Current.CancellationToken;
        foreach ((ImageBatch first, ImageBatch second) in loader.Epoch(0, 0, token).Zip(loader.Epoch(0, 0, token)))
        {
            Assert.True(first.Pixels.SequenceEqual(second.Pixels));
            Assert.True(first.Pixels.SequenceEqual(expected.AsSpan(first.Number * 8 * 3072, first.Count * 3072)));
        }
    }

    /// <summary>What a batch costs either thread is its small object and what waiting needs, not its 12 KB of pixels.</summary>
    [Fact]
    public void BatchesLeaveLittleGarbage()
    {
        long producerStart = 0;
        long producerEnd = 0;
        BatchLoader loader = new(Set, 1, seed: 1, new Callback(_ =>
        {
            producerEnd = GC.GetAllocatedBytesForCurrentThread();
            producerStart = producerStart == 0 ? producerEnd : producerStart;
        }));
        long consumerStart = 0;
        foreach (ImageBatch batch in loader.Epoch(0, cancellationToken: TestContext.Current.CancellationToken))
        {
            consumerStart = batch.Number == 0 ? GC.GetAllocatedBytesForCurrentThread() : consumerStart;
        }

        // The first few batches allocate their memory: at most Ahead + 2 of them.
        long consumer = GC.GetAllocatedBytesForCurrentThread() - consumerStart;
        long producer = producerEnd - producerStart - ((BatchLoader.Ahead + 2) * 3200);
        Assert.InRange(consumer, 0, 53 * 800);
        Assert.InRange(producer, long.MinValue, 53 * 800);
    }

    [Fact]
    public void NamesWhatIsWrong()
    {
        Assert.StartsWith(
            "BatchLoader: set 'shapes/train' must hold at least one image; it is empty",
            Assert.Throws<ArgumentException>(() => new BatchLoader(Set.Take(0), 8, 0)).Message);
        Assert.StartsWith(
            "BatchLoader: batchSize must be at least 1; got 0",
            Assert.Throws<ArgumentOutOfRangeException>(() => BatchLoader.InOrder(Set, 0)).Message);
        BatchLoader loader = new(Set, 8, seed: 1);
        CancellationToken token = TestContext.Current.CancellationToken;
        Assert.StartsWith(
            "BatchLoader: epoch must be at least 0; got -1",
            Assert.Throws<ArgumentOutOfRangeException>(() => loader.Epoch(-1, 0, token)).Message);
        Assert.StartsWith(
            "BatchLoader: startBatch must lie in 0..7 (53 images of 'shapes/train' in batches of 8); got 8",
            Assert.Throws<ArgumentOutOfRangeException>(() => loader.Epoch(0, 8, token)).Message);
        Assert.Equal(1, new BatchLoader(Set, int.MaxValue, seed: 1).BatchesPerEpoch);
    }

    private static int[] Order(BatchLoader loader, int epoch) =>
        [.. loader.Epoch(epoch, 0, TestContext.Current.CancellationToken).SelectMany(batch => batch.Indices.ToArray())];

    private static byte[] Pixels(BatchLoader loader, int epoch, int start = 0) =>
        [.. loader.Epoch(epoch, start, TestContext.Current.CancellationToken).SelectMany(batch => batch.Pixels.ToArray())];

    private static Dictionary<int, byte[]> Images(BatchLoader loader, int epoch)
    {
        Dictionary<int, byte[]> images = [];
        foreach (ImageBatch batch in loader.Epoch(epoch, 0, TestContext.Current.CancellationToken))
        {
            for (int i = 0; i < batch.Count; i++)
            {
                images.Add(batch.Indices[i], batch.Pixels.Slice(i * 3072, 3072).ToArray());
            }
        }

        return images;
    }

    private sealed class Callback(Action<Generator> action) : Augmentation
    {
        public override void Apply(
            ReadOnlySpan<byte> source, Span<byte> destination, int channels, int height, int width, Generator generator) =>
            action(generator);
    }

    private sealed class Recorder : Augmentation
    {
        public ConcurrentQueue<Thread> Threads { get; } = [];

        public int Count => Threads.Count;

        public override void Apply(
            ReadOnlySpan<byte> source, Span<byte> destination, int channels, int height, int width, Generator generator) =>
            Threads.Enqueue(Thread.CurrentThread);
    }
}
