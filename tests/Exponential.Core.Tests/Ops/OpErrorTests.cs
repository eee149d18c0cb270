using Xunit;

namespace Exponential.Core.Tests;

/// <summary>Every refusal of an operation: operation, argument, what was expected, what came.</summary>
public sealed class OpErrorTests
{
    private static readonly Dictionary<string, (Action Call, Type Type, string Message)> Refusals = new()
    {
        ["Add shapes"] = Argument(() => Of(2, 3) + Of(3, 2), "Add: shapes do not broadcast: [2, 3] and [3, 2]"),
        ["Multiply types"] = Argument(
            () => Of(2) * Tensor.Ones([2], DType.Float64), "Multiply: element types differ: Float32 [2] and Float64 [2]; convert one with To(DType)"),
        ["Less shapes"] = Argument(() => Of(2).Less(Of(3)), "Less: shapes do not broadcast: [2] and [3]"),
        ["Where shapes"] = Argument(() => Tensor.Where(Of(2), Of(3), Of(3)), "Where: shapes do not broadcast: condition [2], [3] and [3]"),
        ["MultiplyAdd shapes"] = Argument(
            () => Tensor.MultiplyAdd(Of(2, 3), Of(3), Of(4)), "MultiplyAdd: shapes do not broadcast: [2, 3] and [3], and the addend's [4]"),
        ["MultiplyAdd types"] = Argument(
            () => Tensor.MultiplyAdd(Of(2), Of(2), Tensor.Ones([2], DType.Float64)), "MultiplyAdd: element types differ: Float32 [2] and Float64 [2]; convert one with To(DType)"),
        ["MultiplyAdd null x"] = Null(() => Tensor.MultiplyAdd(null!, Of(2), Of(2)), "x"),
        ["MultiplyAdd null y"] = Null(() => Tensor.MultiplyAdd(Of(2), null!, Of(2)), "y"),
        ["MultiplyAdd null addend"] = Null(() => Tensor.MultiplyAdd(Of(2), Of(2), null!), "addend"),
        ["Where types"] = Argument(
            () => Tensor.Where(Of(2), Tensor.Ones([2], DType.Float64), Of(2)), "Where: element types differ: Float32 [2] and Float64 [2]; convert one with To(DType)"),
        ["Clamp limits"] = Argument(() => Of(2).Clamp(1, 0), "Clamp: min 1 is above max 0"),
        ["Clamp NaN"] = Argument(() => Of(2).Clamp(double.NaN, 0), "Clamp: min NaN is above max 0"),

        ["Sum axis"] = Range(() => Of(2, 3).Sum([2]), "Sum: axis 2 is not one of [2, 3], which has 2 axes"),
        ["Sum negative axis"] = Range(() => Of(2, 3).Sum([-3]), "Sum: axis -3 is not one of [2, 3], which has 2 axes"),
        ["Sum axis twice"] = Argument(() => Of(2, 3).Sum([1, -1]), "Sum: axis -1 of [2, 3] is named twice"),
        ["Mean of nothing"] = Argument(() => Of(0, 3).Mean([0]), "Mean: no elements along the axes of [0, 3]"),
        ["Max of nothing"] = Argument(() => Of(0, 3).Max(), "Max: no elements along the axes of [0, 3]"),
        ["Min of nothing"] = Argument(() => Of(3, 0).Min([1]), "Min: no elements along the axes of [3, 0]"),
        ["LogSumExp of nothing"] = Argument(() => Of(0).LogSumExp(), "LogSumExp: no elements along the axes of [0]"),
        ["Max of nothing, for no runs"] = Argument(() => Of(0, 0).Max([1]), "Max: no elements along the axes of [0, 0]"),
        ["Softmax of nothing"] = Argument(() => Of(3, 0).Softmax(1), "Softmax: no elements along the axes of [3, 0]"),
        ["LogSoftmax of nothing"] = Argument(() => Of(3, 0).LogSoftmax(-1), "LogSoftmax: no elements along the axes of [3, 0]"),
        ["Variance of one"] = Argument(
            () => Of(1, 3).Variance([0]), "Variance: the unbiased estimate needs two elements or more; the axes of [1, 3] hold 1. Pass unbiased: false"),
        ["Softmax of a scalar"] = Range(() => Of().Softmax(0), "Softmax: axis 0 is not one of [], which has 0 axes"),

        ["Reshape count"] = Argument(() => Of(2, 3).Reshape([4]), "Reshape: [2, 3] has 6 elements; [4] has 4"),
        ["Permute count"] = Argument(() => Of(2, 3).Permute(0), "Permute: 1 axes named; [2, 3] has 2"),
        ["Permute twice"] = Argument(() => Of(2, 3).Permute(0, -2), "Permute: axis -2 of [2, 3] is named twice"),
        ["Transpose of a vector"] = Range(() => Of(2).Transpose(), "Transpose: axis -2 is not one of [2], which has 1 axes"),
        ["Narrow beyond"] = Range(() => Of(2, 3).Narrow(1, 2, 2), "Narrow: 2 positions from 2 on lie outside axis 1 of [2, 3]"),
        ["Narrow overflow"] = Range(() => Of(3).Narrow(0, 2, int.MaxValue), "Narrow: 2147483647 positions from 2 on lie outside axis 0 of [3]"),
        ["Narrow negative"] = Range(() => Of(3).Narrow(0, -1, 1), "Narrow: 1 positions from -1 on lie outside axis 0 of [3]"),
        ["Expand"] = Argument(() => Of(2, 3).Expand([2, 6]), "Expand: [2, 3] does not stretch to [2, 6]"),
        ["Expand to less"] = Argument(() => Of(2, 3).Expand([1, 3]), "Expand: [2, 3] does not stretch to [1, 3]"),
        ["Unsqueeze"] = Range(() => Of(2).Unsqueeze(2), "Unsqueeze: axis 2 cannot be put into [2]"),
        ["Squeeze"] = Argument(() => Of(2, 3).Squeeze(0), "Squeeze: axis 0 of [2, 3] has length 2, not 1"),
        ["Flip"] = Range(() => Of(2).Flip(1), "Flip: axis 1 is not one of [2], which has 1 axes"),
        ["Flatten"] = Range(() => Of(2).Flatten(1), "Flatten: axis 1 is not one of [2], which has 1 axes"),
        ["Slices"] = Argument(() => Of(2)[0, 0], "Slice: 2 slices for [2], which has 1 axes"),
        ["Slice beyond"] = Range(() => Of(2, 3)[.., 3], "Slice: 3..4 lies outside axis 1 of [2, 3]"),
        ["Slice range"] = Range(() => Of(4)[3..2], "Slice: 3..2 lies outside axis 0 of [4]"),
        ["Slice before"] = Range(() => Of(2)[^3], "Slice: ^3..^2 lies outside axis 0 of [2]"),
        ["Slice negative"] = Range(() => Of(2)[-1], "Slice: position -1 is negative; count from the end with ^1"),
        ["Slice ^0"] = Range(() => Of(2)[^0], "Slice: position ^0 lies past the end; the last one is ^1"),

        ["Cat of nothing"] = Argument(() => Tensor.Cat([], 0), "Cat: expects one tensor or more"),
        ["Cat shapes"] = Argument(() => Tensor.Cat([Of(2, 3), Of(2, 4)], 0), "Cat: tensors agree in every axis but 0: [2, 3] and [2, 4] do not"),
        ["Cat ranks"] = Argument(() => Tensor.Cat([Of(2, 3), Of(2)], 0), "Cat: tensors agree in every axis but 0: [2, 3] and [2] do not"),
        ["Cat of scalars"] = Range(() => Tensor.Cat([Of()], 0), "Cat: axis 0 is not one of [], which has 0 axes"),
        ["Cat types"] = Argument(
            () => Tensor.Cat([Of(2), Tensor.Ones([2], DType.Float64)], 0), "Cat: element types differ: Float32 [2] and Float64 [2]; convert one with To(DType)"),
        ["Coupling shapes"] = Argument(
            () => FusedOps.AffineCoupling(Of(1, 4, 2, 2), Of(1, 2, 2, 2), inverse: false),
            "AffineCoupling: expects x and h [B, C, H, W] of one shape with an even C; got [1, 4, 2, 2] and [1, 2, 2, 2]"),
        ["Coupling of odd channels"] = Argument(
            () => FusedOps.AffineCoupling(Of(1, 3, 2, 2), Of(1, 3, 2, 2), inverse: true),
            "AffineCoupling: expects x and h [B, C, H, W] of one shape with an even C; got [1, 3, 2, 2] and [1, 3, 2, 2]"),
        ["Gate channels"] = Argument(() => FusedOps.Gate(Of(1, 4, 2, 2)), "Gate: expects [B, C, ...] with C a multiple of 3; got [1, 4, 2, 2]"),
        ["Stack shapes"] = Argument(() => Tensor.Stack([Of(2), Of(3)], 0), "Stack: expects tensors of one shape; got [2] and [3]"),
        ["Split sum"] = Argument(() => Of(5).Split([2, 2], 0), "Split: the lengths add up to 4; axis 0 of [5] has 5"),
        ["Split negative"] = Argument(() => Of(5).Split([6, -1], 0), "Split: a length is negative: -1"),
        ["Split into nothing"] = Argument(() => Of(0).Split([], 0), "Split: the lengths add up to 0; axis 0 of [0] has 0"),
        ["Chunk"] = Argument(() => Of(5).Chunk(2, 0), "Chunk: axis 0 of [5] does not divide into 2 equal parts"),
        ["Chunk 0"] = Argument(() => Of(5).Chunk(0, 0), "Chunk: axis 0 of [5] does not divide into 0 equal parts"),
        ["SpaceToDepth odd"] = Argument(
            () => Of(1, 3, 5, 4).SpaceToDepth(), "SpaceToDepth: expects [B, C, H, W] with H and W multiples of 2; got [1, 3, 5, 4]"),
        ["DepthToSpace"] = Argument(() => Of(1, 6, 5, 4).DepthToSpace(), "DepthToSpace: expects [B, C, H, W] with C a multiple of 4; got [1, 6, 5, 4]"),
        ["DepthToSpace absurd"] = Argument(
            () => Of(1, 4, 1, 1).DepthToSpace(65536), "DepthToSpace: expects [B, C, H, W] with C a multiple of 4294967296; got [1, 4, 1, 1]"),

        ["MatMul inner"] = Argument(() => Of(4, 3).MatMul(Of(5, 2)), "MatMul: inner dimensions differ: [4, 3] x [5, 2]"),
        ["MatMul vectors"] = Argument(() => Of(3).MatMul(Of(3, 2)), "MatMul: expects matrices [.., m, k] x [.., k, n]; got [3] x [3, 2]"),
        ["MatMul batch"] = Argument(() => Of(2, 4, 3).MatMul(Of(3, 3, 2)), "MatMul: leading axes do not broadcast: [2, 4, 3] x [3, 3, 2]"),
        ["MatMul null"] = (() => Of(3, 3).MatMul(null!), typeof(ArgumentNullException), "MatMul: input 1 is null (Parameter 'inputs')"),

        ["Conv2d channels"] = Argument(
            () => Of(4, 12, 32, 32).Conv2d(Of(16, 8, 3, 3)), "Conv2d: kernel has 8 input channels [16, 8, 3, 3]; input has 12 [4, 12, 32, 32]"),
        ["AutoregressiveInverse ranks"] = Argument(
            () => AutoregressiveConvolution.Inverse(Of(12, 8, 8), Of(12, 12, 2, 2)), "AutoregressiveInverse: expects images [B, C, H, W] and a kernel [C, C, 2, 2]; got [12, 8, 8] and [12, 12, 2, 2]"),
        ["AutoregressiveInverse kernel"] = Argument(
            () => AutoregressiveConvolution.Inverse(Of(1, 3, 8, 8), Of(3, 3, 3, 3)), "AutoregressiveInverse: expects images [B, C, H, W] and a kernel [C, C, 2, 2]; got [1, 3, 8, 8] and [3, 3, 3, 3]"),
        ["AutoregressiveInverse channels"] = Argument(
            () => AutoregressiveConvolution.Inverse(Of(1, 3, 8, 8), Of(4, 4, 2, 2)), "AutoregressiveInverse: kernel has 4 channels [4, 4, 2, 2]; images have 3 [1, 3, 8, 8]"),
        ["Conv2d ranks"] = Argument(() => Of(12, 8, 8).Conv2d(Of(16, 12, 3, 3)), "Conv2d: expects input [B, C, H, W] and kernel [O, C, k, k]; got [12, 8, 8] and [16, 12, 3, 3]"),
        ["Conv2d bias"] = Argument(() => Of(1, 2, 8, 8).Conv2d(Of(3, 2, 3, 3), Of(2)), "Conv2d: bias is [2]; kernel [3, 2, 3, 3] has 3 output channels"),
        ["Conv2d small"] = Argument(() => Of(1, 2, 2, 8).Conv2d(Of(3, 2, 3, 3)), "Conv2d: kernel [3, 2, 3, 3] is larger than the padded input [1, 2, 2, 8] (padding 0, 0)"),
        ["Conv2d no taps"] = Argument(() => Of(1, 2, 8, 8).Conv2d(Of(3, 2, 0, 3)), "Conv2d: kernel [3, 2, 0, 3] has no taps"),
        ["Conv2d stride"] = Argument(
            () => Of(1, 2, 8, 8).Conv2d(Of(3, 2, 3, 3), stride: 0), "Conv2d: expects strides of 1 or more and paddings of 0 or more; got (0, 0) and (0, 0)"),
        ["Conv2d padding"] = Argument(
            () => Of(1, 2, 8, 8).Conv2d(Of(3, 2, 3, 3), null, (1, 2), (0, -1)), "Conv2d: expects strides of 1 or more and paddings of 0 or more; got (1, 2) and (0, -1)"),
        ["Conv2d absurd padding"] = Argument(
            () => Of(1, 1, 8, 8).Conv2d(Of(1, 1, 3, 3), padding: int.MaxValue), "Conv2d: padding 2147483647 makes an axis of 4294967300 positions"),
        ["Conv2d absurd result"] = Argument(
            () => Of(1, 1, 8, 8).Conv2d(Of(1, 1, 3, 3), padding: 1 << 20), "Shape: [1, 1, 2097158, 2097158] has more than 2147483647 elements, the most a tensor can hold"),
        ["Conv2d types"] = Argument(
            () => Of(1, 1, 8, 8).Conv2d(Tensor.Ones([1, 1, 3, 3], DType.Float64)),
            "Conv2d: element types differ: Float32 [1, 1, 8, 8] and Float64 [1, 1, 3, 3]; convert one with To(DType)"),
        ["ConvTranspose2d channels"] = Argument(
            () => Of(1, 2, 4, 4).ConvTranspose2d(Of(3, 2, 3, 3)), "ConvTranspose2d: kernel has 3 input channels [3, 2, 3, 3]; input has 2 [1, 2, 4, 4]"),
        ["ConvTranspose2d ranks"] = Argument(
            () => Of(2, 4, 4).ConvTranspose2d(Of(2, 3, 3, 3)), "ConvTranspose2d: expects input [B, I, H, W] and kernel [I, O, k, k]; got [2, 4, 4] and [2, 3, 3, 3]"),
        ["ConvTranspose2d bias"] = Argument(
            () => Of(1, 2, 4, 4).ConvTranspose2d(Of(2, 3, 3, 3), Of(1)), "ConvTranspose2d: bias is [1]; kernel [2, 3, 3, 3] has 3 output channels"),
        ["ConvTranspose2d nothing left"] = Argument(
            () => Of(1, 2, 1, 1).ConvTranspose2d(Of(2, 3, 2, 2), padding: 1), "ConvTranspose2d: nothing is left of [1, 2, 1, 1] with kernel [2, 3, 2, 2], stride 1 and padding 1"),
        ["ConvTranspose2d absurd"] = Argument(
            () => Of(1, 1, 3, 3).ConvTranspose2d(Of(1, 1, 1, 1), stride: int.MaxValue), "ConvTranspose2d: stride 2147483647 makes an image of 4294967295 x 4294967295"),
        ["ConvTranspose2d types"] = Argument(
            () => Of(1, 1, 8, 8).ConvTranspose2d(Tensor.Ones([1, 1, 3, 3], DType.Float64)),
            "ConvTranspose2d: element types differ: Float32 [1, 1, 8, 8] and Float64 [1, 1, 3, 3]; convert one with To(DType)"),
        ["ConvolutionExponential even"] = Argument(
            () => FusedOps.ConvolutionExponential(Of(1, 2, 4, 4), Of(2, 2, 2, 3), 5, 1, false, 1),
            "ConvolutionExponential: expects input [B, C, H, W] and a kernel [C, C, k, l] with odd k and l; got [1, 2, 4, 4] and [2, 2, 2, 3]"),
        ["ConvolutionExponential channels"] = Argument(
            () => FusedOps.ConvolutionExponential(Of(1, 3, 4, 4), Of(2, 2, 3, 3), 5, 1, false, 1), "ConvolutionExponential: kernel has 2 channels [2, 2, 3, 3]; input has 3 [1, 3, 4, 4]"),
        ["ConvolutionExponential steps"] = Argument(
            () => FusedOps.ConvolutionExponential(Of(1, 2, 4, 4), Of(2, 2, 3, 3), -1, 0, false, 1), "ConvolutionExponential: expects 0 to 1000 terms and 1 step or more; got -1 and 0"),

        ["Inverse oblong"] = Argument(() => Of(2, 3).Inverse(), "Inverse: expects square matrices [.., n, n]; got [2, 3]"),
        ["Inverse vector"] = Argument(() => Of(2).Inverse(), "Inverse: expects square matrices [.., n, n]; got [2]"),
        ["AutoregressiveInverse singular"] = (
            () => AutoregressiveConvolution.Inverse(Of(1, 2, 3, 3), Tensor.Zeros([2, 2, 2, 2])), typeof(ArithmeticException), "AutoregressiveInverse: kernel[0, 0, 1, 1] is zero; the convolution has no inverse"),
        ["Inverse singular"] = (() => Of(2, 2).Inverse(), typeof(ArithmeticException), "Inverse: a matrix of [2, 2] is singular; it has no inverse"),
        ["Solve singular"] = (() => Of(2, 2).Solve(Of(2, 1)), typeof(ArithmeticException), "Solve: a matrix of [2, 2] is singular; the system has no unique solution"),
        ["Solve shapes"] = Argument(
            () => Tensor.Eye(2).Solve(Of(3, 1)), "Solve: the right-hand side [3, 1] does not fit the matrices [2, 2]; expects [.., 2, k] with the same leading axes"),
        ["SlogDet gradient singular"] = (
            () => Tensor.Ones([2, 2]).WithGradient().SlogDet().LogAbsDet.Backward(), typeof(ArithmeticException), "SlogDet: a matrix of [2, 2] is singular; ln|det| has no gradient there"),
        ["SlogDet oblong"] = Argument(() => Of(4, 2, 3).SlogDet(), "SlogDet: expects square matrices [.., n, n]; got [4, 2, 3]"),
        ["Qr vector"] = Argument(() => Of(3).Qr(), "Qr: expects matrices [.., m, n]; got [3]"),
    };

    public static TheoryData<string> Names() => [.. Refusals.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Says(string name)
    {
        (Action call, Type type, string message) = Refusals[name];
        Exception? error = Record.Exception(call);
        Assert.NotNull(error);
        Assert.Equal(type, error.GetType());

        // The framework appends the parameter's name.
        Assert.Equal(message, error.Message.Replace(" (Parameter 'axis')", string.Empty, StringComparison.Ordinal)
            .Replace(" (Parameter 'slices')", string.Empty, StringComparison.Ordinal)
            .Replace(" (Parameter 'start')", string.Empty, StringComparison.Ordinal)
            .Replace(" (Parameter 'position')", string.Empty, StringComparison.Ordinal));
    }

    private static Tensor Of(params int[] shape) => Tensor.Ones(shape);

    private static (Action, Type, string) Argument(Func<object> call, string message) => (() => call(), typeof(ArgumentException), message);

    private static (Action, Type, string) Null(Func<object> call, string parameter) =>
        (() => call(), typeof(ArgumentNullException), $"Value cannot be null. (Parameter '{parameter}')");

    private static (Action, Type, string) Range(Func<object> call, string message) => (() => call(), typeof(ArgumentOutOfRangeException), message);
}
