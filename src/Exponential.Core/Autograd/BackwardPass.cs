namespace Exponential;

/// <summary>Reverse accumulation over a graph.</summary>
internal static class BackwardPass
{
    /// <summary>
    /// Adds up the gradients of the leaves below a root, or only of the wanted points of the graph.
    /// </summary>
    /// <param name="root">The output.</param>
    /// <param name="cotangent">Its cotangent.</param>
    /// <param name="wanted">The points whose gradients are asked for, filled in; branches that reach none of them are skipped.</param>
    /// <param name="createGraph">Whether the derivative is recorded.</param>
    /// <param name="consume">Whether saved values are given back on the way.</param>
    /// <param name="since">The number of a node: paths end at operations that are not younger.</param>
    public static void Run(Tensor root, Tensor cotangent, Dictionary<(GraphNode Node, int Output), Tensor?> wanted, bool createGraph, bool consume, long since = 0)
    {
        List<OperationNode> order = NodesBetween(root.Node!, wanted, since, out HashSet<GraphNode> useful);
        Accumulate(root.Node!, order, useful, root.OutputIndex, cotangent, wanted, createGraph, consume);
    }

    /// <summary>The gradients of every leaf below a root.</summary>
    public static Gradients Leaves(Tensor root, Tensor cotangent, bool createGraph)
    {
        var wanted = new Dictionary<(GraphNode Node, int Output), Tensor?>();
        foreach (GraphNode leaf in Ends(root.Node!, since: 0).OrderBy(leaf => leaf.Sequence))
        {
            wanted[(leaf, 0)] = null;
        }

        Run(root, cotangent, wanted, createGraph, consume: !createGraph);
        return new Gradients(wanted.Where(entry => entry.Value is not null).Select(entry => ((LeafNode)entry.Key.Node, entry.Value!)));
    }

    /// <summary>Throws where a function's value depends on anything but its input, the named parameters and leaves of its own making.</summary>
    public static void RequireKnown(string operation, Tensor value, GraphNode input, Parameter[] parameters)
    {
        foreach (GraphNode node in Ends(value.Node!, input.Sequence))
        {
            if (node is LeafNode { Parameter: { } parameter })
            {
                if (!parameters.Contains(parameter))
                {
                    throw new InvalidOperationException($"{operation}: the function reads parameter {parameter.Label}, which was not named; its gradient would be lost");
                }
            }
            else if (node.Sequence < input.Sequence)
            {
                throw new InvalidOperationException($"{operation}: the function reads a tensor with a graph that is not its input; its gradient would be lost. Make it part of the input, or Detach() it");
            }
        }
    }

    private static void Accumulate(
        GraphNode root,
        List<OperationNode> order,
        HashSet<GraphNode> useful,
        int rootOutput,
        Tensor rootCotangent,
        Dictionary<(GraphNode Node, int Output), Tensor?> wanted,
        bool createGraph,
        bool consume)
    {
        var pending = new Dictionary<GraphNode, Tensor?[]>();
        Add(root, rootOutput, rootCotangent.Alias(createGraph ? rootCotangent.Node : null, rootCotangent.OutputIndex));
        foreach (OperationNode node in order)
        {
            if (!pending.Remove(node, out Tensor?[]? cotangents))
            {
                continue;
            }

            if (node.IsConsumed)
            {
                throw new InvalidOperationException(
                    $"Backward: the graph at {node.Operation.Name} was consumed by an earlier call; pass createGraph: true there, or compute the value again");
            }

            var gradients = new Tensor?[node.Sources.Length];
            using (Autograd.Recording(createGraph))
            {
                if (createGraph)
                {
                    node.Operation.Vjp(new VjpContext(node, cotangents, gradients, useful));
                }
                else
                {
                    RunReleasingTemporaries(node, cotangents, gradients, useful);
                }
            }

            for (int index = 0; index < gradients.Length; index++)
            {
                if (gradients[index] is { } gradient && node.Sources[index] is { } source)
                {
                    Add(source, node.SourceOutputs[index], gradient);
                }
            }

            for (int output = 0; output < cotangents.Length; output++)
            {
                if (!createGraph && !wanted.ContainsKey((node, output)))
                {
                    cotangents[output]?.Release();
                }
            }

            if (consume)
            {
                node.Consume();
            }
        }

        void Add(GraphNode node, int output, Tensor gradient)
        {
            if (!pending.TryGetValue(node, out Tensor?[]? slots))
            {
                slots = new Tensor?[node is OperationNode operation ? operation.OutputShapes.Length : 1];
                pending[node] = slots;
            }

            Tensor? before = slots[output];
            if (before is null)
            {
                slots[output] = gradient;
            }
            else if (createGraph)
            {
                using (Autograd.Recording(true))
                {
                    slots[output] = before + gradient;
                }
            }
            else
            {
                slots[output] = AddReleasing(before, gradient);
            }

            if (wanted.ContainsKey((node, output)))
            {
                wanted[(node, output)] = slots[output];
            }
        }
    }

    private static void RunReleasingTemporaries(OperationNode node, Tensor?[] cotangents, Tensor?[] gradients, HashSet<GraphNode> useful)
    {
        using TemporaryScope scope = TemporaryScope.Begin();
        node.Operation.Vjp(new VjpContext(node, cotangents, gradients, useful));
        for (int index = 0; index < gradients.Length; index++)
        {
            if (gradients[index] is { } gradient)
            {
                // A cotangent handed on, or one tensor for two inputs, gets a handle of its own.
                bool isOwn = scope.Contains(gradient);
                for (int other = 0; other < index; other++)
                {
                    isOwn &= !ReferenceEquals(gradients[other], gradient);
                }

                gradients[index] = isOwn ? gradient : gradient.Alias(node: null);
            }
        }

        foreach (Tensor? gradient in gradients)
        {
            if (gradient is not null)
            {
                scope.Keep(gradient);
            }
        }
    }

    /// <summary>before + gradient, in the memory of the one that nobody else holds.</summary>
    private static Tensor AddReleasing(Tensor before, Tensor gradient)
    {
        Tensor sum;
        if (IsExclusive(before))
        {
            Tensor.AddInPlace(before, gradient);
            sum = before;
        }
        else if (IsExclusive(gradient))
        {
            Tensor.AddInPlace(gradient, before);
            sum = gradient;
        }
        else
        {
            using (Autograd.Recording(false))
            {
                sum = before + gradient;
            }
        }

        (ReferenceEquals(sum, before) ? gradient : before).Release();
        if (!ReferenceEquals(sum, before) && !ReferenceEquals(sum, gradient))
        {
            gradient.Release();
        }

        return sum;
    }

    private static bool IsExclusive(Tensor tensor) => !tensor.Storage.IsShared && tensor.IsContiguous;

    /// <summary>The leaves below a root, and where paths end earlier the operations that are not younger than <paramref name="since"/>.</summary>
    private static IEnumerable<GraphNode> Ends(GraphNode root, long since)
    {
        var seen = new HashSet<GraphNode> { root };
        var stack = new Stack<GraphNode>([root]);
        while (stack.TryPop(out GraphNode? node))
        {
            if (node is not OperationNode operation || operation.Sequence <= since)
            {
                yield return node;
            }
            else
            {
                foreach (GraphNode? source in operation.Sources)
                {
                    if (source is not null && seen.Add(source))
                    {
                        stack.Push(source);
                    }
                }
            }
        }
    }

    /// <summary>The operations between the root and the wanted points, latest first, and every node from which a wanted point is reached.</summary>
    private static List<OperationNode> NodesBetween(GraphNode root, Dictionary<(GraphNode Node, int Output), Tensor?> wanted, long since, out HashSet<GraphNode> useful)
    {
        var targets = new HashSet<GraphNode>(wanted.Keys.Select(key => key.Node));
        long earliest = targets.Count == 0 ? long.MaxValue : Math.Max(since, targets.Min(target => target.Sequence));
        var reachable = new List<GraphNode> { root };
        var seen = new HashSet<GraphNode> { root };
        for (int next = 0; next < reachable.Count; next++)
        {
            if (reachable[next] is OperationNode operation && operation.Sequence > earliest)
            {
                foreach (GraphNode? source in operation.Sources)
                {
                    if (source is not null && seen.Add(source))
                    {
                        reachable.Add(source);
                    }
                }
            }
        }

        reachable.Sort(static (a, b) => a.Sequence.CompareTo(b.Sequence));
        useful = [];
        var between = new List<OperationNode>();
        foreach (GraphNode node in reachable)
        {
            if (node is OperationNode operation && operation.Sequence > earliest)
            {
                bool leadsDown = false;
                foreach (GraphNode? source in operation.Sources)
                {
                    leadsDown |= source is not null && useful.Contains(source);
                }

                if (leadsDown)
                {
                    between.Add(operation);
                    useful.Add(operation);
                }
            }

            if (targets.Contains(node))
            {
                useful.Add(node);
            }
        }

        between.Reverse();
        return between;
    }
}
