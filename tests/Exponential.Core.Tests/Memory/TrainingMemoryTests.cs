using System.Runtime.CompilerServices;
using Xunit;

namespace Exponential.Core.Tests;

/// <summary>The promise of the memory design: steady-state training causes no collection of generation 2 and rents every buffer.</summary>
[Collection(GlobalState.Name)]
public sealed class TrainingMemoryTests
{
    [Fact]
    public void TrainingCausesNoCollectionOfGeneration2()
    {
        const int WarmUp = 60;
        const int Steps = 200;
        var sampler = new Sampler(nameof(TrainingCausesNoCollectionOfGeneration2));
        Parameter[] parameters =
        [
            new(sampler.Normal([8, 3, 3, 3], 0.2).ToTensor(DType.Float32)), new(Tensor.Zeros([8])),
            new(sampler.Normal([8, 8, 3, 3], 0.1).ToTensor(DType.Float32)), new(Tensor.Zeros([8])),
            new(sampler.Normal([48, 10], 0.1).ToTensor(DType.Float32)),
        ];
        Tensor images = sampler.Normal([8, 3, 8, 8]).ToTensor(DType.Float32);
        Tensor targets = sampler.Normal([8, 10]).ToTensor(DType.Float32);

        double first = 0;
        double last = 0;
        int collections = 0;
        long memory = 0;
        for (int step = 0; step < WarmUp + Steps; step++)
        {
            if (step == WarmUp)
            {
                collections = GC.CollectionCount(2);
                memory = BufferPool.InUse + BufferPool.Pooled;
            }

            (Gradients gradients, last) = Differentiate(parameters, images, targets);
            Update(gradients, inPlace: step > WarmUp);
            first = step == 0 ? last : first;
        }

        Assert.Equal(0, GC.CollectionCount(2) - collections);

        Assert.Equal(memory, BufferPool.InUse + BufferPool.Pooled);
        Assert.True(last < 0.5 * first, $"the loss went from {first} to {last}, {sampler}");
    }

    /// <summary>A frame of its own, so that the step's handles are unreachable when the update collects.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (Gradients Gradients, double Loss) Differentiate(Parameter[] parameters, Tensor images, Tensor targets)
    {
        Tensor hidden = images.Conv2d(parameters[0], parameters[1], padding: 1).Tanh();
        hidden = FusedOps.ConvolutionExponential(hidden, parameters[2].Value * 0.1, terms: 4, steps: 1, adjoint: false, scale: 1) + parameters[3].Value.Reshape([8, 1, 1]);
        Tensor[] halves = hidden.Split([3, 5], 1);
        hidden = halves[0].SpaceToDepth().SpaceToDepth().Reshape([8, 48, 4]).Sigmoid().Mean([2]);
        Tensor loss = (hidden.MatMul(parameters[4]) - targets).Square().Mean() + (halves[1].Square().Mean() * 0.01);
        return (loss.Backward().ClipNorm(10).Gradients, loss.ToScalar());
    }

    /// <summary>
    /// As an optimizer does: collects the step's handles, so that the parameters' storage is theirs alone, then writes. Generation 1, so
    /// that the gradients, which survive here, die in the next step.
    /// </summary>
    private static void Update(Gradients gradients, bool inPlace)
    {
        BufferPool.CollectUnreachable(1);
        foreach ((Parameter parameter, Tensor gradient) in gradients)
        {
            Storage before = parameter.Key.Storage;
            ReadOnlySpan<float> source = gradient.Contiguous().Span<float>();
            Span<float> destination = parameter.WritableSpan<float>();
            for (int i = 0; i < destination.Length; i++)
            {
                destination[i] -= 0.3f * source[i];
            }

            Assert.True(!inPlace || parameter.Key.Storage == before, "a parameter was copied to be written");
            GC.KeepAlive(gradient);
        }
    }
}
