using System.Diagnostics;

namespace LibtorchPeer;

/// <summary>Times two pieces of work in turns, so that both see the same machine.</summary>
internal static class Turns
{
    /// <summary>Short work is repeated until a turn takes about this long.</summary>
    private const double TurnMilliseconds = 20;

    private const int FewestRounds = 7;
    private const int MostRounds = 61;

    /// <summary>Median milliseconds of one call of each; the peer's are NaN without one.</summary>
    /// <param name="ours">Our side.</param>
    /// <param name="theirs">The peer's side, or null.</param>
    /// <param name="budget">About how long it may take, in milliseconds.</param>
    public static (double Ours, double Theirs) Time(Side ours, Side? theirs, double budget)
    {
        int ourCalls = Calls(ours, out double ourTurn);
        double theirTurn = 0;
        int theirCalls = theirs is null ? 0 : Calls(theirs, out theirTurn);
        int rounds = Math.Clamp((int)(budget / (ourTurn + theirTurn)), FewestRounds, MostRounds);
        double[] ourTimes = new double[rounds];
        double[] theirTimes = new double[rounds];
        for (int round = 0; round < rounds; round++)
        {
            ourTimes[round] = Turn(ours, ourCalls);
            theirTimes[round] = theirs is null ? double.NaN : Turn(theirs, theirCalls);
        }

        return (Median(ourTimes), Median(theirTimes));
    }

    /// <summary>The median, in place.</summary>
    public static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    /// <summary>Warms a side up and says how many calls fill a turn.</summary>
    private static int Calls(Side side, out double turn)
    {
        Turn(side, 3);
        double call = Math.Min(Turn(side, 1), Turn(side, 1));
        int calls = Math.Clamp((int)(TurnMilliseconds / call), 1, 1000);
        turn = calls * call;
        return calls;
    }

    private static double Turn(Side side, int calls)
    {
        side.Prepare();
        long start = Stopwatch.GetTimestamp();
        for (int call = 0; call < calls; call++)
        {
            side.Run();
        }

        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / calls;
    }
}
