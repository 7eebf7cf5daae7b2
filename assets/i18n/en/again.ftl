## Made of pictures that are there

again-settings = Same settings
    .tip = Fills the form with the settings of this picture, its seed included
again-new-seed = Again with a new seed
    .tip = Makes another picture with the same settings
again-vary-subtle = Vary, subtle
    .tip = Makes four pictures that differ from this one in details
again-vary-strong = Vary, strong
    .tip = Makes four pictures that differ from this one in composition too
again-upscale = Upscale
    .tip = Makes the same picture with a second pass at twice the size, which adds detail
again-enlarge = Enlarge with a network…
    .tip = Enlarges the pixels of this picture with a network of the ESRGAN family; asks for its file once
again-four = Four to choose from
    .tip = Makes four pictures with seeds that count up, side by side
again-busy = Another grid is on its way; stop it or wait for it first
dialog-upscaler = Choose a network that enlarges pictures
sweep-field-variation = Variation
again-choose = Choose one: click it to open it, or make more of it below
again-short-subtle = Subtle
again-short-strong = Strong
again-short-upscale = Upscale
