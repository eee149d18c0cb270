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

    internal Backend Backend { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
