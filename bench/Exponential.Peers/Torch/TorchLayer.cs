using static TorchSharp.torch;

namespace LibtorchPeer;

/// <summary>One step of a flow: z and the log-det with what the step adds to it, and x again from z.</summary>
/// <param name="Forward">Takes x and the log-det so far.</param>
/// <param name="Inverse">Takes z.</param>
internal sealed record TorchLayer(Func<Tensor, Tensor, (Tensor Z, Tensor LogDet)> Forward, Func<Tensor, Tensor> Inverse);
