namespace Exponential.Nn;

/// <summary>A data set of images of one size in three splits.</summary>
public sealed class ImageDataset
{
    /// <summary>Joins three splits.</summary>
    /// <param name="name">The name under which <see cref="Datasets.Open"/> knows it.</param>
    /// <param name="train">What the model learns from.</param>
    /// <param name="validation">What picks the best checkpoint.</param>
    /// <param name="test">What is reported at the end.</param>
    /// <param name="augmentation">What the training split is meant to be trained with; none when null.</param>
    /// <exception cref="ArgumentException">The splits hold images of different sizes.</exception>
    public ImageDataset(string name, ImageSet train, ImageSet validation, ImageSet test, Augmentation? augmentation = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(train);
        foreach (ImageSet other in new[] { validation, test })
        {
            ArgumentNullException.ThrowIfNull(other);
            if (other.ImageShape != train.ImageShape)
            {
                throw new ArgumentException(
                    $"ImageDataset: '{name}' needs images of one size; '{train.Name}' has {train.ImageShape}, "
                    + $"'{other.Name}' {other.ImageShape}");
            }
        }

        Name = name;
        Train = train;
        Validation = validation;
        Test = test;
        Augmentation = augmentation ?? Augmentation.None;
    }

    /// <summary>The name under which <see cref="Datasets.Open"/> knows it.</summary>
    public string Name { get; }

    /// <summary>What the model learns from.</summary>
    public ImageSet Train { get; }

    /// <summary>What picks the best checkpoint.</summary>
    public ImageSet Validation { get; }

    /// <summary>What is reported at the end.</summary>
    public ImageSet Test { get; }

    /// <summary>What the training split is meant to be trained with.</summary>
    public Augmentation Augmentation { get; }

    /// <summary>C.</summary>
    public int Channels => Train.Channels;

    /// <summary>H in pixels.</summary>
    public int Height => Train.Height;

    /// <summary>W in pixels.</summary>
    public int Width => Train.Width;

    /// <summary>[C, H, W].</summary>
    public Shape ImageShape => Train.ImageShape;

    /// <summary>The same data set with shorter splits, each the first images of its split; null keeps a split whole.</summary>
    /// <param name="train">Training images to keep.</param>
    /// <param name="validation">Validation images to keep.</param>
    /// <param name="test">Test images to keep.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative or above its split's size.</exception>
    public ImageDataset Take(int? train = null, int? validation = null, int? test = null)
    {
        return new ImageDataset(
            Name, First(Train, train), First(Validation, validation), First(Test, test), Augmentation);

        static ImageSet First(ImageSet split, int? count) => count is int n ? split.Take(n) : split;
    }
}
