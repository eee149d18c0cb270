using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Exponential;

/// <summary>
/// The threads of the CPU kernels. Work is cut by the caller into blocks in such a way that no sum depends on the number of threads: the
/// threads only decide who computes which block.
/// </summary>
/// <remarks>
/// One job runs on the workers at a time. A caller who finds them busy, or who is inside a job already, computes its blocks
/// itself. Such a caller takes a thread off the job of another, which does not come back to that job: several callers at once are safe, and no
/// more threads than <see cref="Count"/> compute as long as there are no more callers.
/// Each thread has a share of consecutive blocks, the same in every job of as many blocks where there are at least as many as threads (a smaller
/// job takes whoever comes first), and takes from the others' shares when its own is done. So a core meets the same part of a tensor again: a
/// line of memory that two cores have read is slow to write (27 ns on a Zen 4, against 0.6 in the core's own cache).
/// </remarks>
internal static class Workers
{
    /// <summary>How often an idle worker looks for work before it sleeps: some 50 microseconds, the gap between two ops of a training step.</summary>
    private const int SpinsBeforeSleep = 500;

    /// <summary>More threads than this only wait for one another's turn on a core.</summary>
    private static readonly int MostThreads = 4 * Environment.ProcessorCount;

    private static readonly object Gate = new();
    private static readonly SemaphoreSlim Wake = new(0);
    private static readonly Job Current = new();
    private static volatile int _count = Environment.ProcessorCount;
    private static int _started;

    /// <summary>Workers that wait and that nobody has claimed yet. Every claim is one release of <see cref="Wake"/>, so no wake-up is left over.</summary>
    private static int _asleep;
    private static int _busy;

    /// <summary>Callers who compute alone.</summary>
    private static int _alone;

    /// <summary>Whether this thread computes already: what it calls from there is no further caller.</summary>
    [ThreadStatic]
    private static bool _computes;

    /// <summary>The number of threads that compute at once, the caller included; at least 1.</summary>
    public static int Count
    {
        get => _count;
        set
        {
            if (value < 1)
            {
                throw new ArgumentOutOfRangeException(nameof(value), $"CpuThreads.Count: expects 1 thread or more; got {value}");
            }

            _count = value;
        }
    }

    /// <summary>Calls <paramref name="body"/> once for every block in 0..<paramref name="blockCount"/> - 1 and returns when all are done.</summary>
    /// <remarks>
    /// The first exception of a block is thrown as it was, when every block has ended; where the caller computes alone, at once, without the
    /// blocks behind.
    /// </remarks>
    public static void For(int blockCount, Action<int> body)
    {
        int threads = Math.Min(_count, MostThreads);
        if (threads == 1 || _computes)
        {
            Compute(blockCount, body);
            return;
        }

        _computes = true;
        try
        {
            int helpers = Math.Min(threads - Volatile.Read(ref _alone), blockCount) - 1;
            if (helpers > 0 && Interlocked.CompareExchange(ref _busy, 1, 0) == 0)
            {
                Share(blockCount, body, threads, helpers);
                return;
            }

            Interlocked.Increment(ref _alone);
            try
            {
                Compute(blockCount, body);
            }
            finally
            {
                Interlocked.Decrement(ref _alone);
            }
        }
        finally
        {
            _computes = false;
        }
    }

    /// <summary>
    /// Whether a block of a job is the first of a thread's share, so that another thread computes the one before. A hint: a job may have fewer
    /// shares, beside other callers.
    /// </summary>
    public static bool BeginsShare(int block, int blockCount)
    {
        int shares = Math.Min(Math.Min(_count, MostThreads), blockCount);
        long share = ((long)block * shares + blockCount - 1) / blockCount;
        return FirstBlock(share, shares, blockCount) == block;
    }

    private static void Compute(int blockCount, Action<int> body)
    {
        for (int block = 0; block < blockCount; block++)
        {
            body(block);
        }
    }

    private static void Share(int blockCount, Action<int> body, int threads, int helpers)
    {
        ExceptionDispatchInfo? error;
        try
        {
            EnsureStarted(helpers);
            Current.Begin(body, blockCount, threads, helpers);
            try
            {
                int claimed = ClaimSleepers(helpers);
                if (claimed > 0)
                {
                    Wake.Release(claimed);
                }

                Current.Work(0, seat: 0);
            }
            finally
            {
                // Whatever happens, an interrupted thread among it: nobody is at work on the body when this returns.
                error = Current.End();
            }
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }

        error?.Throw();
    }

    private static int FirstBlock(long share, int shares, int blockCount) => (int)(blockCount * share / shares);

    private static void EnsureStarted(int helpers)
    {
        if (Volatile.Read(ref _started) >= helpers)
        {
            return;
        }

        lock (Gate)
        {
            for (; _started < helpers; _started++)
            {
                int thread = _started + 1;
                new Thread(() => Loop(thread)) { IsBackground = true, Name = $"Exponential worker {thread}" }.UnsafeStart();
            }
        }
    }

    private static void Loop(int thread)
    {
        // Each job is tried once: no seat, or no block, now means none later, and a worker that kept asking would hold up the job's end.
        _computes = true;
        long seen = 0;
        int spins = 0;
        while (true)
        {
            long number = Current.Number;
            if (number != 0 && number != seen)
            {
                seen = number;
                if (Current.TryJoinIn(number, out int seat))
                {
                    Current.Work(thread, seat);
                    Current.Leave();
                }

                spins = 0;
                continue;
            }

            if (++spins < SpinsBeforeSleep)
            {
                Thread.SpinWait(8);
                continue;
            }

            spins = 0;
            Interlocked.Increment(ref _asleep);

            // A job that came in between may not have seen this worker: it stays up, unless it has been claimed, to take its wake-up.
            long late = Current.Number;
            if (late == 0 || late == seen || ClaimSleepers(1) == 0)
            {
                Wake.Wait();
            }
        }
    }

    private static int ClaimSleepers(int most)
    {
        while (true)
        {
            int sleeping = Volatile.Read(ref _asleep);
            int claimed = Math.Min(sleeping, most);
            if (claimed == 0 || Interlocked.CompareExchange(ref _asleep, sleeping - claimed, sleeping) == sleeping)
            {
                return claimed;
            }
        }
    }

    /// <summary>
    /// The job at work, one after another in the same object, so that a call leaves no garbage. A worker counts itself in before it looks at the
    /// number again, and the caller takes the number away before it looks at the count: who is late for a job changes nothing of the next.
    /// </summary>
    private sealed class Job
    {
        private Action<int>? _body;
        private Share[] _shares = [];
        private int _shareCount;
        private int _threads;
        private int _taken; // seats of helpers
        private int _working;
        private long _number; // 0 between jobs
        private long _lastNumber;
        private ExceptionDispatchInfo? _error;

        /// <summary>The number of the job that workers may join, from 1, or 0.</summary>
        public long Number => Volatile.Read(ref _number);

        public void Begin(Action<int> body, int blockCount, int threads, int helpers)
        {
            _body = body;
            _threads = threads;
            _taken = 0;
            _shareCount = helpers + 1;
            if (_shares.Length < _shareCount)
            {
                _shares = new Share[_shareCount];
            }

            for (int i = 0; i < _shareCount; i++)
            {
                _shares[i].Taken = FirstBlock(i, _shareCount, blockCount) - 1;
                _shares[i].Last = FirstBlock(i + 1, _shareCount, blockCount) - 1;
            }

            Interlocked.Exchange(ref _number, ++_lastNumber);
        }

        /// <summary>
        /// Waits for the helpers' last blocks (spins a bounded time, then gives the core away) and returns the first exception of a block.
        /// </summary>
        public ExceptionDispatchInfo? End()
        {
            Interlocked.Exchange(ref _number, 0);
            var spinner = default(SpinWait);
            while (Volatile.Read(ref _working) > 0)
            {
                spinner.SpinOnce(sleep1Threshold: -1);
            }

            ExceptionDispatchInfo? error = _error;
            (_body, _error) = (null, null);
            return error;
        }

        /// <summary>Takes one of the seats of the job of this number, from 1 on, so that no more threads than asked for take part.</summary>
        public bool TryJoinIn(long number, out int seat)
        {
            Interlocked.Increment(ref _working);
            if (Number == number)
            {
                seat = Interlocked.Increment(ref _taken);
                if (seat < _shareCount && HasBlocks())
                {
                    return true;
                }
            }

            seat = 0;
            Leave();
            return false;
        }

        public void Leave() => Interlocked.Decrement(ref _working);

        /// <summary>
        /// Computes the blocks of a thread's own share, then what is left of the others'. A helper (not the caller, who has seat 0) leaves for good
        /// when its core is needed by a caller who computes alone.
        /// </summary>
        public void Work(int thread, int seat)
        {
            for (int i = 0; i < _shareCount; i++)
            {
                ref Share share = ref _shares[(thread + i) % _shareCount];
                int block;
                while ((seat == 0 || HasCore(seat)) && Volatile.Read(ref share.Taken) < share.Last && (block = Interlocked.Increment(ref share.Taken)) <= share.Last)
                {
                    try
                    {
                        _body!(block);
                    }
                    catch (Exception exception)
                    {
                        Interlocked.CompareExchange(ref _error, ExceptionDispatchInfo.Capture(exception), null);
                    }
                }
            }
        }

        /// <summary>Whether the threads that others leave to this job reach to a seat.</summary>
        private bool HasCore(int seat) => seat < _threads - Volatile.Read(ref _alone);

        private bool HasBlocks()
        {
            for (int i = 0; i < _shareCount; i++)
            {
                if (Volatile.Read(ref _shares[i].Taken) < _shares[i].Last)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>Consecutive blocks: the last one that was taken, and the last. Room before and behind keeps them off others' cache lines.</summary>
        [StructLayout(LayoutKind.Explicit, Size = 128)]
        private struct Share
        {
            [FieldOffset(64)]
            public int Taken;

            [FieldOffset(68)]
            public int Last;
        }
    }
}
