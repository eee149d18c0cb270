using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Exponential.Nn.Tests;

/// <summary>
/// A web server on this machine with one file, which misbehaves as told: one request a connection, HTTP/1.1, on a port the system picks.
/// </summary>
internal sealed class FileServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public FileServer(byte[] content)
    {
        Content = content;
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>The file.</summary>
    public byte[] Content { get; set; }

    /// <summary>Whether it answers a Range with a part.</summary>
    public bool KnowsRanges { get; set; } = true;

    /// <summary>Bytes of an answer after which the connection is closed.</summary>
    public int? CutAfter { get; set; }

    /// <summary>Whether it says nothing more after these bytes, and keeps the connection open.</summary>
    public bool HangsInstead { get; set; }

    /// <summary>Whether the connection is reset after these bytes.</summary>
    public bool ResetsInstead { get; set; }

    /// <summary>Whether the length is announced; without it the end of the connection is the end of the file.</summary>
    public bool AnnouncesLength { get; set; } = true;

    /// <summary>Answers every request with this status and no content.</summary>
    public string? Status { get; set; }

    /// <summary>Sends whoever asks for another path than the file's to the file.</summary>
    public Uri Redirecting => new(Address, "/elsewhere");

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/some/archive.tar.gz");

    /// <summary>The Range of each request for the file, null where it has none.</summary>
    public List<string?> Requests { get; } = [];

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        _serving.Wait();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                await AnswerAsync(client.GetStream());
                if (ResetsInstead)
                {
                    // What was sent may come before the reset does.
                    await Task.Delay(200, _stop.Token);
                    client.LingerState = new LingerOption(true, 0);
                }
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The client has gone, or the test is over.
            }
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        string path = (await reader.ReadLineAsync(_stop.Token) ?? "").Split(' ') is [_, string asked, ..] ? asked : "";
        string? range = null;
        for (string? line = await reader.ReadLineAsync(_stop.Token); !string.IsNullOrEmpty(line); line = await reader.ReadLineAsync(_stop.Token))
        {
            range = line.StartsWith("Range: bytes=", StringComparison.OrdinalIgnoreCase) ? line["Range: bytes=".Length..] : range;
        }

        if (path != Address.AbsolutePath)
        {
            await SendAsync(stream, "302 Found", [$"Location: {Address.AbsolutePath}"], [], 0);
            return;
        }

        Requests.Add(range);
        int from = range is not null && KnowsRanges ? int.Parse(range.TrimEnd('-'), CultureInfo.InvariantCulture) : 0;
        if (Status is not null)
        {
            await SendAsync(stream, Status, [], [], 0);
        }
        else if (from >= Content.Length && from > 0)
        {
            await SendAsync(stream, "416 Range Not Satisfiable", [$"Content-Range: bytes */{Content.Length}"], [], 0);
        }
        else
        {
            string[] headers = from > 0 ? [$"Content-Range: bytes {from}-{Content.Length - 1}/{Content.Length}"] : [];
            await SendAsync(stream, from > 0 ? "206 Partial Content" : "200 OK", headers, Content[from..], CutAfter ?? int.MaxValue);
        }
    }

    private async Task SendAsync(NetworkStream stream, string status, string[] headers, byte[] body, int most)
    {
        string length = AnnouncesLength || body.Length == 0 ? $"Content-Length: {body.Length}\r\n" : "";
        string head = $"HTTP/1.1 {status}\r\n{length}Connection: close\r\n{string.Concat(headers.Select(header => header + "\r\n"))}\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), _stop.Token);
        await stream.WriteAsync(body.AsMemory(0, Math.Min(most, body.Length)), _stop.Token);
        if (HangsInstead)
        {
            await Task.Delay(Timeout.Infinite, _stop.Token);
        }
    }
}
