using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace Exponential.Nn;

/// <summary>
/// Downloads a known file into a folder. What has come lies in a file with <c>.part</c> behind its name until it is whole and its SHA-256
/// is the known one; a download that breaks off goes on from there next time (HTTP's Range, RFC 9110 section 14), or from the start with a
/// server that cannot.
/// </summary>
internal sealed class FileDownload(KnownFile source, string folder)
{
    private const int BufferSize = 1 << 17;

    private static readonly TimeSpan TimeToConnect = TimeSpan.FromSeconds(30);

    /// <summary>How long a server may send nothing.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The whole file.</summary>
    public string Target => Path.Combine(folder, source.Name);

    /// <summary>What has come of it so far.</summary>
    public string Part => Target + ".part";

    /// <summary>Downloads the file, unless it is there and whole.</summary>
    /// <exception cref="IOException">
    /// The server cannot be reached, refuses, falls silent or breaks off, or the file cannot be written; what has come is kept.
    /// </exception>
    /// <exception cref="InvalidDataException">What comes is not the known file; it is deleted.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; what has come is kept.</exception>
    public async Task RunAsync(IProgress<DataProgress>? progress, CancellationToken cancellationToken)
    {
        if (File.Exists(folder))
        {
            throw new IOException($"download: '{folder}' is a file; name the folder for the files");
        }

        Directory.CreateDirectory(folder);
        if (File.Exists(Target))
        {
            using FileStream there = File.OpenRead(Target);
            if (await IsKnownAsync(there, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }

        try
        {
            using FileStream part = OpenPart();
            if (part.Length > source.Length)
            {
                part.SetLength(0);
            }

            if (part.Length < source.Length)
            {
                await FetchAsync(part, progress, cancellationToken).ConfigureAwait(false);
            }

            part.Flush(flushToDisk: true);
            if (!await IsKnownAsync(part, cancellationToken).ConfigureAwait(false))
            {
                throw new InvalidDataException(
                    $"download: {source.Address} sent a file whose SHA-256 is not {source.Sha256}; it was deleted. Try again; "
                    + "if that does not help, the file there is another one");
            }
        }
        catch (InvalidDataException)
        {
            File.Delete(Part);
            throw;
        }

        File.Move(Part, Target, overwrite: true);
    }

    private FileStream OpenPart()
    {
        try
        {
            return new FileStream(Part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, useAsync: true);
        }
        catch (IOException e) when (File.Exists(Part))
        {
            throw new IOException(
                $"download: {Part} cannot be opened ({e.Message.TrimEnd('.')}); if another download of it is at work, wait for its end", e);
        }
    }

    private async Task FetchAsync(FileStream part, IProgress<DataProgress>? progress, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeToConnect }) { Timeout = Timeout.InfiniteTimeSpan };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            patience.CancelAfter(Patience);
            using HttpResponseMessage response = await RequestAsync(client, part, patience.Token).ConfigureAwait(false);
            using Stream content = await response.Content.ReadAsStreamAsync(patience.Token).ConfigureAwait(false);
            byte[] buffer = new byte[BufferSize];
            part.Position = part.Length;
            progress?.Report(new BytesDownloaded(source.Address, part.Position, source.Length));
            int read;
            while ((read = await ReadAsync(content, buffer, part, patience.Token).ConfigureAwait(false)) > 0)
            {
                patience.CancelAfter(Patience);
                RequireLength(part.Position + read <= source.Length, "more");
                await part.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                progress?.Report(new BytesDownloaded(source.Address, part.Position, source.Length));
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw BrokeOff(part, FormattableString.Invariant($"nothing came for {Patience.TotalSeconds} s"));
        }
        catch (HttpRequestException e)
        {
            throw new IOException($"download: {source.Address} cannot be reached ({e.Message.TrimEnd('.')}); try again later", e);
        }

        if (part.Length < source.Length)
        {
            throw BrokeOff(part, "the server closed the connection");
        }
    }

    /// <summary>Reads what has come; an error of the connection is one of the download, unlike one of the disk.</summary>
    private async Task<int> ReadAsync(Stream content, byte[] buffer, FileStream part, CancellationToken cancellationToken)
    {
        try
        {
            return await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw BrokeOff(part, e.Message);
        }
    }

    /// <summary>
    /// Asks for what is missing. Where the server sends the whole, or knows no such part, the file is emptied; where it refuses, all is kept.
    /// </summary>
    private async Task<HttpResponseMessage> RequestAsync(HttpClient client, FileStream part, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await SendAsync(client, part.Length, cancellationToken).ConfigureAwait(false);
        bool isRest = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == part.Length;
        bool isStale = response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable || (response.IsSuccessStatusCode && !isRest);
        if (part.Length > 0 && isStale)
        {
            part.SetLength(0);
            if (response.StatusCode is HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                response.Dispose();
                response = await SendAsync(client, 0, cancellationToken).ConfigureAwait(false);
            }
        }

        if (!response.IsSuccessStatusCode)
        {
            using (response)
            {
                throw new IOException(
                    $"download: {source.Address} answered {(int)response.StatusCode} {response.ReasonPhrase}; is the file still there?");
            }
        }

        RequireLength(response.Content.Headers.ContentLength is not long rest || part.Length + rest == source.Length, "not");
        return response;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpClient client, long from, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, source.Address);
        request.Headers.Range = from > 0 ? new RangeHeaderValue(from, null) : null;
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
    }

    private void RequireLength(bool fits, string how)
    {
        if (!fits)
        {
            throw new InvalidDataException(
                $"download: {source.Address} sends {how} the {source.Length} bytes expected; what came was deleted. The file there is another one");
        }
    }

    private IOException BrokeOff(FileStream part, string why) => new(
        $"download: {source.Address} broke off after {part.Length} of {source.Length} bytes ({why.TrimEnd('.')}); try again, it goes on from there");

    private async Task<bool> IsKnownAsync(FileStream file, CancellationToken cancellationToken)
    {
        file.Position = 0;
        byte[] hash = await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false);
        return Convert.ToHexStringLower(hash) == source.Sha256;
    }
}
