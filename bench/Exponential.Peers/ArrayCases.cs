using Exponential;

namespace LibtorchPeer;

/// <summary>Matrix products, and functions of four million numbers.</summary>
internal static class ArrayCases
{
    private const int Count = 4 << 20;

    public static IEnumerable<Case> Products(IPeer? peer) => new[] { 1024, 256 }.Select(size => Product(size, peer));

    public static IEnumerable<Case> Functions(IPeer? peer) => Enum.GetValues<Function>().Select(function => Elements(function, peer));

    private static Case Product(int size, IPeer? peer)
    {
        float[] a = Numbers.Signed(size * size);
        float[] b = Numbers.Signed((size * size) + 1)[..(size * size)];
        Tensor ourA = Tensor.FromArray(a, [size, size]);
        Tensor ourB = Tensor.FromArray(b, [size, size]);
        return new Case(
            $"{size} x {size} x {size}",
            2.0 * size * size * size,
            Ours.Side(ArithmeticAccuracy.Fast, () => [ourA.MatMul(ourB)]),
            peer?.Product(a, b, size),
            Ours.Exact(() => [ourA.To(DType.Float64).MatMul(ourB.To(DType.Float64))]));
    }

    private static Case Elements(Function function, IPeer? peer)
    {
        float[] a = Numbers.Positive(Count);
        float[] b = Numbers.Positive(Count + 1)[..Count];
        float[] c = Numbers.Positive(Count + 2)[..Count];
        Tensor[] ours = [Tensor.FromArray(a, [Count]), Tensor.FromArray(b, [Count]), Tensor.FromArray(c, [Count])];
        return new Case(
            function switch
            {
                Function.MultiplyAdd => "a * b + c",
                Function.Tanh => "tanh",
                Function.Exp => "exp",
                _ => "sum",
            },
            0,
            Ours.Side(ArithmeticAccuracy.Fast, () => Apply(function, ours)),
            peer?.Elements(function, a, b, c),
            Ours.Exact(() => Apply(function, Array.ConvertAll(ours, static tensor => tensor.To(DType.Float64)))));
    }

    private static Tensor[] Apply(Function function, Tensor[] x) => function switch
    {
        Function.Tanh => [x[0].Tanh()],
        Function.Exp => [x[0].Exp()],
        Function.MultiplyAdd => [Tensor.MultiplyAdd(x[0], x[1], x[2])],
        _ => [x[0].Sum()],
    };
}
