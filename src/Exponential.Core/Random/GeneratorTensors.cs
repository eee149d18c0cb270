namespace Exponential;

public sealed partial class Generator
{
    /// <summary>Independent numbers, uniform in [0, 1): multiples of 2^-24 in <see cref="DType.Float32"/>, of 2^-53 in <see cref="DType.Float64"/>.</summary>
    public Tensor Uniform(Shape shape, DType dtype = DType.Float32) =>
        Fill(RandomKind.Uniform, shape, dtype, (ulong)shape.ElementCount * (dtype == DType.Float32 ? 1u : 2u));

    /// <summary>Independent standard normal numbers.</summary>
    public Tensor Normal(Shape shape, DType dtype = DType.Float32) =>
        Fill(RandomKind.Normal, shape, dtype, Philox.NormalWords(shape.ElementCount, dtype == DType.Float64));

    private Tensor Fill(RandomKind kind, Shape shape, DType dtype, ulong words)
    {
        Backend backend = Device.Cpu.Backend;
        Operand data = backend.Allocate(dtype, shape);
        backend.FillRandom(kind, Seed, Offset, data);
        Offset += words;
        return new Tensor(data);
    }
}
