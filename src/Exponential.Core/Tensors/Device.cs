namespace Exponential;

/// <summary>Where a tensor's elements live and its operations run.</summary>
public sealed class Device
{
    internal Device(string name, Backend backend)
    {
        Name = name;
        Backend = backend;
    }

    /// <summary>The processor's cores and SIMD units.</summary>
    public static Device Cpu { get; } = new("cpu", new CpuBackend());

    /// <summary>The device's name, for example <c>cpu</c>.</summary>
    public string Name { get; }

    internal Backend Backend { get; private set; }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Puts another backend in the place of the device's own until the result is disposed. For benchmarks, which meter its entries.</summary>
    internal IDisposable Exchange(Backend backend)
    {
        var exchanged = new ExchangedBackend(this, Backend);
        Backend = backend;
        return exchanged;
    }

    private sealed class ExchangedBackend(Device device, Backend before) : IDisposable
    {
        public void Dispose() => device.Backend = before;
    }
}
