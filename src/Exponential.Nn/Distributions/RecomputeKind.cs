namespace Exponential.Nn;

/// <summary>What a flow keeps of a forward pass for the backward pass.</summary>
public enum RecomputeKind
{
    /// <summary>All that the derivatives need: the fastest, and memory grows with depth.</summary>
    None,

    /// <summary>
    /// The outputs of the last step alone. The backward pass rebuilds the input of each step by its inverse and runs the step again: about
    /// half as long again a step of training, and memory does not grow with depth (Gomez, Ren, Urtasun and Grosse 2017).
    /// </summary>
    Inverse,
}
