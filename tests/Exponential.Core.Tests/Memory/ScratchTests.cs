using Xunit;

namespace Exponential.Core.Tests;

[Collection(GlobalState.Name)]
public sealed unsafe class ScratchTests
{
    /// <summary>What no cache holds is rented by all threads in turn.</summary>
    [Theory]
    [InlineData((2 << 20) + 1)]
    [InlineData(20 << 20)]
    public void ThreadsOneAfterAnotherShareALargeBuffer(int bytes)
    {
        var addresses = new HashSet<nint>();
        using var done = new CountdownEvent(8);
        using var end = new ManualResetEventSlim();
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(_ => new Thread(Rent))];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i].Start();
            SpinWait.SpinUntil(() => done.CurrentCount == threads.Length - 1 - i);
        }

        end.Set();
        Assert.All(threads, thread => Assert.True(thread.Join(TimeSpan.FromSeconds(30))));
        Assert.Single(addresses);

        // A thread lives on, so that what it kept would stay.
        void Rent()
        {
            using (var scratch = new Scratch<byte>(bytes))
            {
                addresses.Add((nint)scratch.Pointer);
            }

            done.Signal();
            end.Wait();
        }
    }

    [Fact]
    public void AThreadMeetsItsSmallBufferAgain()
    {
        nint first = Rent();
        var other = new Thread(() => Rent());
        other.Start();
        other.Join();
        Assert.Equal(first, Rent());

        static nint Rent()
        {
            using var scratch = new Scratch<float>(1000);
            return (nint)scratch.Pointer;
        }
    }
}
