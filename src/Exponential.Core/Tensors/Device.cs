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

    /// <summary>Set only by benchmarks, to one that meters the entries of the device's own.</summary>
    internal Backend Backend { get; set; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
