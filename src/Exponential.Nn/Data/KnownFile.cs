namespace Exponential.Nn;

/// <summary>A file on the network whose content is known beforehand.</summary>
/// <param name="Address">Where it is.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Sha256">Its SHA-256, in lower-case hexadecimal.</param>
internal sealed record KnownFile(Uri Address, long Length, string Sha256)
{
    /// <summary>Its name, the address's last part.</summary>
    public string Name => Path.GetFileName(Address.LocalPath);
}
