namespace Exponential.Nn;

/// <summary>Computes with a run's threads and accuracy until it is disposed.</summary>
internal sealed class ArithmeticScope : IDisposable
{
    private readonly int _threads = CpuThreads.Count;
    private readonly ArithmeticAccuracy _accuracy = CpuArithmetic.Accuracy;

    public ArithmeticScope(TrainingSettings settings)
    {
        CpuThreads.Count = settings.Threads > 0 ? settings.Threads : _threads;
        CpuArithmetic.Accuracy = settings.Arithmetic;
    }

    public void Dispose()
    {
        CpuThreads.Count = _threads;
        CpuArithmetic.Accuracy = _accuracy;
    }
}
