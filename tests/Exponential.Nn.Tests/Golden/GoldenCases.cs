namespace Exponential.Nn.Tests;

/// <summary>What is done with a golden file, by kind: which results are computed and compared.</summary>
internal static class GoldenCases
{
    /// <summary>Kinds that this version does not implement, each with the reason; their tests show as skipped.</summary>
    public static IReadOnlyDictionary<string, string> NotImplemented { get; } = new Dictionary<string, string>
    {
        ["model.coupling"] = "the coupling model is not implemented",
        ["model.residual"] = "residual flows are not implemented",
        ["model.sylvester"] = "Sylvester flows are not implemented",
        ["residual_block"] = "residual flows are not implemented",
        ["sylvester"] = "Sylvester flows are not implemented",
        ["sylvester_nobasis"] = "Sylvester flows are not implemented",
        ["sylvester_nogeneralized"] = "Sylvester flows are not implemented",
    };

    /// <summary>Kinds whose inverse the original does not compute to 1e-9, with what its result differs from x by: x is to be met instead.</summary>
    private static IReadOnlyDictionary<string, double> InexactInverses { get; } = new Dictionary<string, double>
    {
        // A cast to float32.
        ["emerging"] = 1e-6,
    };

    /// <summary>The comparison of a kind; null for one that nobody has heard of.</summary>
    public static Action<GoldenFile>? Find(string kind) => kind switch
    {
        "functional.conv_exp" => ConvolutionExponential,
        "functional.matrix_exp" => MatrixExponential,
        "functional.matrix_log" => MatrixLogarithm,
        "split_prior" => SplitPrior,
        "diagonal_gaussian" => DiagonalGaussian,
        "model.flow_1x1" or "model.flow_convexp" or "model.flow_emerging" or "model.flow_woodbury" => FlowModel,
        "training" => Training,
        _ => GoldenModules.Bijections.ContainsKey(kind) ? Bijection : null,
    };

    private static void Bijection(GoldenFile file)
    {
        Bijection bijection = GoldenModules.Bijections[file.Kind](file);
        Prepare(bijection, file);
        Tensor x = file.Tensor("in.x").WithGradient();
        Tensor? context = file.Has("in.context") ? file.Tensor("in.context") : null;

        (Tensor z, Tensor logDet) = bijection.Forward(x, context);
        file.AssertClose("out.z", z);
        file.AssertBroadcastClose("out.ldj", logDet);

        // A log-determinant that does not depend on x is one number here; the original's loss adds it once for each of the batch.
        Tensor total = logDet.Rank == 0 ? logDet * x.Shape[0] : logDet.Sum();
        Tensor loss = (file.Tensor("loss.w") * z).Sum() + total;
        file.AssertBroadcastClose("out.loss", loss);
        Gradients gradients = loss.Backward();
        file.AssertClose("grad.x", gradients.For(x)!);
        file.AssertGradients(bijection, gradients);

        if (file.Has("rev.x"))
        {
            (Tensor back, Tensor inverseLogDet) = bijection.Inverse(z.Detach(), context);
            if (InexactInverses.TryGetValue(file.Kind, out double tolerance))
            {
                file.AssertClose("in.x", back);
                file.AssertClose("rev.x", back, tolerance);
            }
            else
            {
                file.AssertClose("rev.x", back);
            }

            file.AssertBroadcastClose("rev.ldj", inverseLogDet);
        }

        file.AssertState("after.", bijection.State());
    }

    private static void ConvolutionExponential(GoldenFile file)
    {
        int terms = file.Count("terms");
        Tensor x = file.Tensor("in.x").WithGradient();
        Tensor kernel = file.Tensor("in.kernel").WithGradient();

        Tensor z = Exponential.ConvolutionExponential.Apply(x, kernel, terms);
        file.AssertClose("out.z", z);
        file.AssertClose("out.inverse", Exponential.ConvolutionExponential.ApplyInverse(x, kernel, terms));
        file.AssertBroadcastClose("out.log_det", new Convolution(kernel, x.Shape[2], x.Shape[3]).Exp(terms).LogDet());

        Gradients gradients = (file.Tensor("loss.w") * z).Sum().Backward();
        file.AssertClose("grad.x", gradients.For(x)!);
        file.AssertClose("grad.kernel", gradients.For(kernel)!);
    }

    private static void MatrixExponential(GoldenFile file) =>
        file.AssertClose("out.exp", new DenseMatrix(file.Tensor("in.M")).Exp(file.Count("terms")).ToDense());

    private static void MatrixLogarithm(GoldenFile file) =>
        file.AssertClose("out.log", Exponential.MatrixLogarithm.Apply(file.Tensor("in.B"), file.Count("terms")));

    private static void SplitPrior(GoldenFile file)
    {
        SplitPrior split = GoldenModules.SplitPrior(file);
        Prepare(split, file);
        (Tensor kept, Tensor logDensity) = split.Forward(file.Tensor("in.x"));
        file.AssertClose("out.z", kept);
        file.AssertClose("out.log_p", logDensity);
    }

    private static void DiagonalGaussian(GoldenFile file)
    {
        DiagonalGaussian gaussian = GoldenModules.DiagonalGaussian(file);
        Prepare(gaussian, file);
        file.AssertClose("out.log_p", gaussian.LogProb(file.Tensor("in.x")));
    }

    private static void FlowModel(GoldenFile file)
    {
        Flow flow = GoldenModules.Flow(file);
        Prepare(flow, file);
        Tensor logProb = flow.LogProb(file.Tensor("in.v"));
        file.AssertClose("out.log_p", logProb);
        Tensor bitsPerDim = BitsPerDim.FromNats(logProb.Mean(), flow.EventShape);
        file.AssertBroadcastClose("out.bpd", bitsPerDim);
        file.AssertGradients(flow, bitsPerDim.Backward());
    }

    private static void Training(GoldenFile file)
    {
        Flow flow = GoldenModules.Flow(file);
        flow.LoadState(file.State("before."));
        flow.Train();
        double rate = file.Number("lr");
        Optimizer optimizer = file.Setting("optimizer") switch
        {
            "adam" => new Adam(flow.Parameters(), rate, beta1: 0.9, beta2: 0.99, epsilon: 1e-7),
            "adamax" => new Adamax(flow.Parameters(), rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-7),
            string other => throw new InvalidDataException($"{file.Name}: unknown optimizer {other}"),
        };
        double clip = file.Number("clip");
        var losses = new List<Tensor>();
        for (int step = 0; step < 5; step++)
        {
            Tensor loss = BitsPerDim.FromNats(flow.LogProb(file.Tensor($"in.v{step}")).Mean(), flow.EventShape);
            losses.Add(loss.Detach());
            Gradients gradients = loss.Backward();
            optimizer.Step(clip > 0 ? gradients.ClipNorm(clip).Gradients : gradients);
        }

        file.AssertClose("out.bpd", Tensor.Stack([.. losses], 0));
        file.AssertState("after.", flow.State());
    }

    private static void Prepare(Module module, GoldenFile file)
    {
        module.LoadState(file.State("state."));
        if (file.IsTraining)
        {
            module.Train();
        }
        else
        {
            module.Eval();
        }
    }
}
