using System.Diagnostics;
using Xunit;

namespace Exponential.Core.Tests;

[Collection(GlobalState.Name)]
public sealed class WorkersTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void EveryBlockRunsOnce(int threads)
    {
        using var count = new WorkerCount(threads);
        foreach (int blocks in (int[])[0, 1, 2, 3, 7, 100, 1001])
        {
            int[] runs = new int[blocks];
            Workers.For(blocks, block => Interlocked.Increment(ref runs[block]));
            Assert.All(runs, run => Assert.Equal(1, run));
        }
    }

    [Fact]
    public void SharesBeginWhereTheBlocksAreCut()
    {
        using var count = new WorkerCount(3);
        Assert.Equal([0, 2, 5], Enumerable.Range(0, 8).Where(block => Workers.BeginsShare(block, 8)));
        Assert.Equal([0, 1], Enumerable.Range(0, 2).Where(block => Workers.BeginsShare(block, 2)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void AnExceptionComesOutAsItWas(int threads)
    {
        using var count = new WorkerCount(threads);
        for (int round = 0; round < 200; round++)
        {
            int bad = round % 20;
            var error = Assert.Throws<InvalidOperationException>(() => Workers.For(20, block =>
            {
                if (block == bad)
                {
                    throw new InvalidOperationException($"block {block}");
                }
            }));
            Assert.Equal($"block {bad}", error.Message);
        }

        // And the workers go on.
        int sum = 0;
        Workers.For(20, block => Interlocked.Add(ref sum, block));
        Assert.Equal(190, sum);
    }

    [Fact]
    public void ExceptionsOfAllBlocksAreOne()
    {
        using var count = new WorkerCount(4);
        var error = Assert.Throws<InvalidOperationException>(() => Workers.For(64, block => throw new InvalidOperationException("all")));
        Assert.Equal("all", error.Message);
    }

    [Fact]
    public void Nests()
    {
        using var count = new WorkerCount(4);
        int[,,] runs = new int[6, 7, 8];
        Workers.For(6, i => Workers.For(7, j => Workers.For(8, k => Interlocked.Increment(ref runs[i, j, k]))));
        Assert.All(runs.Cast<int>(), run => Assert.Equal(1, run));
    }

    [Fact]
    public void JobsLeaveNoGarbage()
    {
        using var count = new WorkerCount(Math.Min(8, 4 * Environment.ProcessorCount));
        Action<int> body = static _ => { };
        Workers.For(100, body);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int job = 0; job < 1000; job++)
        {
            Workers.For(100, body);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    /// <summary>Small jobs one after another, of other lengths and numbers of threads: a worker that is late for one must not touch the next.</summary>
    [Fact]
    public void LateWorkersLeaveTheNextJobAlone()
    {
        using var count = new WorkerCount(2);
        int[] runs = new int[16];
        for (int job = 0; job < 100_000; job++)
        {
            int blocks = 2 + job % 15;
            int number = job;
            Workers.Count = 2 + job % 4;
            Workers.For(blocks, block =>
            {
                // Each block last ran in this job or in none since it was cleared.
                if (Interlocked.Exchange(ref runs[block], number + 1) == number + 1)
                {
                    throw new InvalidOperationException($"job {number}: block {block} ran twice");
                }
            });
            for (int block = 0; block < blocks; block++)
            {
                Assert.Equal(number + 1, runs[block]);
            }
        }
    }

    [Fact]
    public void RefusesNoThreads()
    {
        Assert.Equal(
            "CpuThreads.Count: expects 1 thread or more; got 0 (Parameter 'value')",
            Assert.Throws<ArgumentOutOfRangeException>(() => CpuThreads.Count = 0).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Workers.Count = -1);
    }

    [Fact]
    public async Task CallersDoNotWaitForOneAnother()
    {
        // One caller's blocks wait until another has finished a job of its own: with a queue this would never end.
        using var count = new WorkerCount(2);
        using var done = new ManualResetEventSlim();
        using var started = new ManualResetEventSlim();
        var first = Task.Run(
            () => Workers.For(2, _ =>
            {
                started.Set();
                Assert.True(done.Wait(Limit), "the second caller never finished");
            }),
            TestContext.Current.CancellationToken);
        Assert.True(started.Wait(Limit), "the first caller never started");
        int sum = 0;
        Workers.For(10, block => Interlocked.Add(ref sum, block));
        Assert.Equal(45, sum);
        done.Set();
        await first.WaitAsync(Limit, TestContext.Current.CancellationToken);
    }

    /// <summary>Two callers on two threads: the one who shares out its work does it without a helper, who would be a third.</summary>
    [Fact]
    public async Task ACallerAloneTakesAThreadOffTheNextJob()
    {
        using var count = new WorkerCount(2);
        using var alone = new LoneCaller();
        await alone.Start();
        int caller = Environment.CurrentManagedThreadId;
        Workers.For(64, _ =>
        {
            Thread.SpinWait(2000);
            Assert.Equal(caller, Environment.CurrentManagedThreadId);
        });
        await alone.Stop();

        // And then there is a helper again: each of two blocks waits for the other.
        using var barrier = new Barrier(2);
        Workers.For(2, _ => Assert.True(barrier.SignalAndWait(Limit), "no second thread came"));
    }

    [Fact]
    public async Task ACallerAloneTakesAThreadOffAJobAtWork()
    {
        using var count = new WorkerCount(2);
        using var alone = new LoneCaller();
        using var helperCame = new ManualResetEventSlim();
        int caller = Environment.CurrentManagedThreadId;
        int helped = 0;
        bool failed = false;
        int[] runs = new int[1000];
        Workers.For(runs.Length, block =>
        {
            Interlocked.Increment(ref runs[block]);
            if (Environment.CurrentManagedThreadId == caller)
            {
                // In the first block, with the helper in its own.
                if (!alone.Started && !failed)
                {
                    failed = !helperCame.Wait(Limit) || !alone.Start().Wait(Limit);
                }
            }
            else
            {
                helped++;
                helperCame.Set();
                failed = !alone.Came() || failed;
            }
        });
        Assert.False(failed, "no second thread came, or the other caller never started");
        await alone.Stop();
        Assert.Equal(1, helped);
        Assert.All(runs, run => Assert.Equal(1, run));
    }

    /// <summary>What a caller calls from its blocks is no further caller: it takes no thread off its own job.</summary>
    [Fact]
    public void ANestedJobTakesNoThreadOff()
    {
        using var count = new WorkerCount(2);
        using var helped = new ManualResetEventSlim();
        int caller = Environment.CurrentManagedThreadId;
        int blocks = 0;
        bool left = false;
        Workers.For(8, _ => Workers.For(1, _ =>
        {
            // The caller waits in its first block for the helper's third, which is after two in which both were in nested jobs.
            if (Environment.CurrentManagedThreadId == caller)
            {
                left = left || !helped.Wait(TimeSpan.FromSeconds(5));
            }
            else if (Interlocked.Increment(ref blocks) == 3)
            {
                helped.Set();
            }
        }));
        Assert.False(left, $"the helper left after {blocks} blocks");
    }

    [Fact]
    public async Task ManyCallersManyCountsAndPauses()
    {
        // Jobs with pauses on both sides of the workers' patience, from several threads, while the number of threads changes: a lost
        // wake-up or a job that nobody finishes would show as a hang.
        using var restore = new WorkerCount(3);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(2.5));
        Task[] callers = [.. Enumerable.Range(0, 4).Select(caller => Task.Factory.StartNew(
            () =>
            {
                var random = new Generator(new Sampler($"caller {caller}").Seed);
                for (int round = 0; !stop.IsCancellationRequested; round++)
                {
                    int blocks = 1 + random.NextInt32(12);
                    long sum = 0;
                    Workers.For(blocks, block =>
                    {
                        Thread.SpinWait(block % 2 == 0 ? 10 : 200);
                        Interlocked.Add(ref sum, block);
                    });
                    Assert.Equal(blocks * (blocks - 1) / 2, sum);
                    switch (random.NextInt32(20))
                    {
                        case 0:
                            Thread.Sleep(1);
                            break;
                        case 1:
                            Workers.Count = 1 + random.NextInt32(6);
                            break;
                        default:
                            Thread.SpinWait(random.NextInt32(4000));
                            break;
                    }
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default))];
        await Task.WhenAll(callers).WaitAsync(Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void WakesWorkersThatSleep()
    {
        // Each of two blocks waits for the other: it only ends if a second thread takes part, asleep or not.
        using var count = new WorkerCount(2);
        for (int round = 0; round < 400; round++)
        {
            // From far below to far above the time a worker looks for work before it sleeps.
            Thread.SpinWait(round * 20);
            if (round % 20 == 0)
            {
                Thread.Sleep(3);
            }

            using var barrier = new Barrier(2);
            Workers.For(2, _ => Assert.True(barrier.SignalAndWait(Limit), "no second thread came"));
        }
    }

    [Fact]
    public void IdleWorkersUseNoTime()
    {
        using var count = new WorkerCount(2);
        Workers.For(10, _ => Thread.SpinWait(10));

        // A worker that spins uses all of every window; the compiler's and the test runner's threads have pauses.
        Process process = Process.GetCurrentProcess();
        var used = new List<double>();
        do
        {
            process.Refresh();
            TimeSpan before = process.TotalProcessorTime;
            Thread.Sleep(100);
            process.Refresh();
            used.Add((process.TotalProcessorTime - before).TotalMilliseconds);
        }
        while (used[^1] > 50 && used.Count < 50);
        Assert.True(used[^1] <= 50, $"processor time of windows of 100 ms: {string.Join(" ", used)}");
    }

    /// <summary>A caller of a job of one block, which ends when it is told to.</summary>
    private sealed class LoneCaller : IDisposable
    {
        private readonly ManualResetEventSlim _started = new();
        private readonly ManualResetEventSlim _stop = new();
        private Task? _running;

        public bool Started => _started.IsSet;

        /// <summary>Waits until the caller is in its block.</summary>
        public bool Came() => _started.Wait(Limit);

        /// <summary>Done when the caller is in its block.</summary>
        public Task Start()
        {
            _running = Task.Factory.StartNew(
                () => Workers.For(1, _ =>
                {
                    _started.Set();
                    Assert.True(_stop.Wait(Limit), "nobody stopped the lone caller");
                }),
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            return Task.Run(() => Assert.True(Came(), "the lone caller never started"));
        }

        public Task Stop()
        {
            _stop.Set();
            return _running!.WaitAsync(Limit);
        }

        public void Dispose()
        {
            _stop.Set();
            _running?.Wait(Limit);
            _started.Dispose();
            _stop.Dispose();
        }
    }
}
