namespace Exponential.Nn;

/// <summary>What the shapes of some steps say about their composition.</summary>
internal static class ShapeInference
{
    /// <summary>The event shape that the first step takes, if any step fixes one. Following it through all steps checks that they fit.</summary>
    public static Shape? EventShape(IReadOnlyList<FlowStep> steps)
    {
        for (int i = 0; i < steps.Count; i++)
        {
            if (steps[i].EventShape is { } fixedShape)
            {
                Shape first = InputShape(steps, i, fixedShape);
                OutputShape(steps, first);
                return first;
            }
        }

        return null;
    }

    /// <summary>The event shape that the first step takes if the last of <paramref name="count"/> steps gives <paramref name="output"/>.</summary>
    public static Shape InputShape(IReadOnlyList<FlowStep> steps, int count, Shape output)
    {
        for (int i = count - 1; i >= 0; i--)
        {
            output = steps[i].InputShape(output);
        }

        return output;
    }

    /// <summary>The event shape that the last step gives.</summary>
    public static Shape OutputShape(IReadOnlyList<FlowStep> steps, Shape input) =>
        steps.Aggregate(input, (shape, step) => step.OutputShape(shape));

    /// <summary>The channels of the context that all parts share, of the numbers that they each take; 0 for none.</summary>
    public static int ContextChannels(string operation, IEnumerable<int> parts)
    {
        int[] channels = [.. parts.Where(count => count > 0).Distinct()];
        return channels.Length <= 1
            ? channels.SingleOrDefault()
            : throw new ArgumentException(
                $"{operation}: the parts take contexts of different numbers of channels: {string.Join(", ", channels)}; they share one context");
    }
}
