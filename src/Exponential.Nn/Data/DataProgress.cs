namespace Exponential.Nn;

/// <summary>What opening or downloading a data set reports while it goes on, in order, one report at a time.</summary>
public abstract record DataProgress
{
    private protected DataProgress()
    {
    }
}

/// <summary>Pictures of a folder are being decoded and scaled.</summary>
/// <param name="Done">Pictures so far.</param>
/// <param name="Total">Pictures in all.</param>
public sealed record ImagesDecoded(int Done, int Total) : DataProgress;

/// <summary>Some pictures of a folder cannot be read and are left out.</summary>
/// <param name="Count">How many.</param>
/// <param name="Total">Pictures in all.</param>
/// <param name="FirstReason">What is wrong with the first of them, which it names.</param>
public sealed record ImagesSkipped(int Count, int Total, string FirstReason) : DataProgress;

/// <summary>The scaled pictures could not be kept for next time; nothing else is lost.</summary>
/// <param name="Path">The cache's file; null where the user has no folder for it.</param>
/// <param name="Message">Why.</param>
public sealed record CacheNotWritten(string? Path, string Message) : DataProgress;

/// <summary>A file is being downloaded.</summary>
/// <param name="Address">Where from.</param>
/// <param name="Done">Bytes so far, those of an earlier attempt included.</param>
/// <param name="Total">Bytes in all.</param>
public sealed record BytesDownloaded(Uri Address, long Done, long Total) : DataProgress;
