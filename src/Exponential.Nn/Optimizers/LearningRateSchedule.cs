namespace Exponential.Nn;

/// <summary>
/// The learning rate's factor by epoch: min(1, (e + 1) / warmup) * decay^e with e counted from 0, as the original trains its mixing flows.
/// </summary>
/// <remarks>The factor changes between epochs only: within one it is constant, whatever the number of steps.</remarks>
public sealed class LearningRateSchedule
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="warmup">Epochs over which the rate rises linearly to its full value; 0 or 1 for no warm-up.</param>
    /// <param name="decay">Factor per epoch, in (0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">A negative <paramref name="warmup"/>, or a <paramref name="decay"/> outside (0, 1].</exception>
    public LearningRateSchedule(int warmup, double decay)
    {
        if (warmup < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(warmup), $"LearningRateSchedule: warmup must be at least 0 epochs; got {warmup}");
        }

        if (!(decay > 0 && decay <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(decay), FormattableString.Invariant($"LearningRateSchedule: decay must lie in (0, 1]; got {decay}"));
        }

        Warmup = warmup;
        Decay = decay;
    }

    /// <summary>Epochs over which the rate rises to its full value.</summary>
    public int Warmup { get; }

    /// <summary>Factor per epoch.</summary>
    public double Decay { get; }

    /// <summary>min(1, (epoch + 1) / warmup) * decay^epoch.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    public double Factor(int epoch)
    {
        double rise = Warmup > 1 ? Math.Min(1, (epoch + 1.0) / Warmup) : 1;
        return rise * Math.Pow(Decay, epoch);
    }
}
