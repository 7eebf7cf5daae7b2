# Bringing pictures in: what a dropped or pasted picture becomes, its part of the form, and masks.

## What a picture could become

bring-title = { $file }: what shall become of it?
bring-title-nothing = Drop a picture to choose what becomes of it, or a model folder to use it
bring-reading = Reading the picture…
bring-unreadable = It cannot be read: { $reason }
bring-dialog = Bring in a picture
bring-choose = Bring in…
    .tip = Choose a picture to restyle, start from, follow or paint into. Dropping or pasting one does the same
bring-paste = Paste
    .tip = Bring in the picture on the clipboard, or the one whose path or address is on it (Ctrl+V)
bring-offer-shown = Bring in…
    .tip = Choose what this picture becomes: restyle it, start from it, paint into it
bring-leave = Leave it
    .tip = Bring nothing in
bring-elsewhere = Look at it in Compare
    .tip = Anywhere else; Esc leaves it
bring-nothing-pasted = The clipboard holds no picture, and no address of one
bring-not-pasted = What was pasted could not be used: { $reason }

bring-restyle = Restyle
    .tip = Walks the picture back into noise along the sampler's own way, then clears it again under your prompt
bring-restyle-hint = Inverts it to step { $depth } of { $steps }, then clears it under your prompt: shapes stay, the look changes
bring-start = Start from it
    .tip = Puts the picture under fresh noise and clears that (image to image)
bring-start-hint = Lays fresh noise over it (strength { $strength }) and clears that: the rough composition stays
bring-style = Its style
    .tip = The picture is a prompt for how things look (IP-Adapter)
bring-style-hint = Paints your prompt the way this looks, by { $adapter }
bring-content = Its content
    .tip = The picture is a prompt for what is shown and where (IP-Adapter)
bring-content-hint = Shows what this shows, painted as your prompt says, by { $adapter }
bring-all = The picture as a prompt
    .tip = All of the picture is a prompt (IP-Adapter)
bring-outlines = Its outlines
    .tip = The new picture follows lines of this one (ControlNet)
bring-outlines-hint = Draws your prompt along its lines, by { $adapter }
bring-paint = Paint into it
    .tip = Paints anew only where you say, or on beyond the edges
bring-paint-hint = You brush over a part, or name a side: only there your prompt is painted
bring-settings = Read its settings
    .tip = Fills the form with what the picture was made with
bring-settings-hint = { $steps ->
    [one] “{ $prompt }” · 1 step · seed { $seed }
   *[other] “{ $prompt }” · { $steps } steps · seed { $seed }
}
bring-settings-hint-some = “{ $prompt }” · it does not say all settings; the form keeps the rest

bring-enlarges-only = This model only makes pictures { $factor } times larger
bring-model-takes-none = This model takes no picture
bring-no-reference-adapter = Needs an IP-Adapter; put one into the models folder
bring-no-control = Needs a ControlNet or T2I-Adapter; put one into the models folder
bring-no-settings = It carries no settings

## In the form

bring-remove = Leave out: { $name }
    .tip = The next picture does without it
bring-shows = What it shows
    .tip = Describes the picture as it is. The inversion goes by it; the closer it is, the better its shapes are kept
bring-shows-hint = What the picture shows (may stay empty)
bring-depth = Depth
    .tip = How many steps the picture is walked back into noise: 0 leaves it as it is, all of them keep hardly anything
bring-depth-picture = { $name } from the picture to noise
bring-depth-none = the picture
bring-depth-all = all noise
bring-strength = Strength
    .tip = The part of the steps that is taken: 0 leaves the picture as it is, 1 starts from noise alone
bring-resemblance = Resemblance
    .tip = How much the result keeps of the picture; like a guidance scale
bring-outpaint = Paint on beyond
    .tip = So many pixels are painted on at the left, top, right and bottom
bring-left = Pixels at the left
bring-top = Pixels at the top
bring-right = Pixels at the right
bring-bottom = Pixels at the bottom
bring-handle = { $side }: drag to paint on beyond this edge
bring-network = Network
    .tip = The ControlNet or T2I-Adapter that follows the picture
bring-preprocessor = Preprocessor
    .tip = What is made of the picture first; it should be what the network was trained on
bring-preprocessor-none = As it is
bring-adapter = Adapter
    .tip = The IP-Adapter that reads the picture
bring-part = Part
    .tip = What of the picture counts
bring-part-style = Style
bring-part-content = Content
bring-part-all = All
bring-weight = Weight
    .tip = How much it counts; 1 as trained
bring-from = From
    .tip = The part of the run at which it begins to count
bring-to = To
    .tip = The part of the run at which it no longer counts

bring-preview = Preview
bring-preview-working = clearing { $steps } steps…
bring-preview-done = in { $steps } steps; Generate takes all of them
bring-close-preview = Close the preview
    .tip = Shows again what was on the canvas before

## Masks

mask-canvas = Mask being painted
mask-edit = Paint the mask
    .tip = Brush over what shall be painted anew; pressed again, it closes the mask
mask-eraser = Eraser
    .tip = Takes away from the mask instead of adding to it
mask-undo = Undo
    .tip = Takes the last stroke back
mask-redo = Redo
    .tip = Does again what was taken back
mask-fill = Fill
    .tip = All of the picture is to be painted
mask-clear = Clear
    .tip = Nothing is to be painted
mask-invert = Invert
    .tip = Paints where it was not, and not where it was
mask-feather = Feather
    .tip = Makes the edges of the mask softer
mask-smaller = Smaller brush
    .tip = Makes the brush smaller
mask-larger = Larger brush
    .tip = Makes the brush larger
mask-size = Size
    .tip = Diameter of the brush in pixels of the picture; the keys [ and ] change it
mask-hardness = Hardness
    .tip = The part of the brush that covers fully; the rest fades out
mask-blank = nothing is painted yet
mask-there = painted, and saved
mask-blur = Blend edge
    .tip = Over so many pixels what is painted blends into the picture
mask-soft = Grey paints a little
    .tip = Soft parts of the mask change the picture partly in every step, instead of by half and more
mask-only = Only the masked part
    .tip = Paints that part at the full size, with its surroundings, and puts it back: finer detail
mask-padding = Surroundings
    .tip = So many pixels around the masked part are seen while it is painted
mask-nowhere = Brush over what shall be painted, or say how far beyond the edges
mask-unreadable = The mask could not be read: { $reason }
mask-not-saved = The mask could not be saved: { $reason }

## What settings name elsewhere

named-model = These settings name a model at { $path }, which is not in your folders. It has not been opened.
named-vae = These settings name an autoencoder (VAE) at { $path }, which is not in your folders. It has not been opened.
named-lora = These settings name a LoRA at { $path }, which is not in your folders. It has not been opened.
named-embedding = These settings name an embedding at { $path }, which is not in your folders. It has not been opened.
named-adapter = These settings name an adapter at { $path }, which is not in your folders. It has not been opened.
named-upscaler = These settings name an upscaler at { $path }, which is not in your folders. It has not been opened.
named-picture = These settings name a picture at { $path }, which is not in your folders. It has not been opened.
named-mask = These settings name a mask at { $path }, which is not in your folders. It has not been opened.
named-find = Look for it in my models
    .tip = Uses the installed file of the same name, whatever folder it is in
named-choose = Choose…
    .tip = Uses another file in its place
named-open = Open it there
    .tip = Opens the file where the settings say it is. Only do so if you trust where the settings come from
named-not-found = None of your models is called { $file }
named-dialog = Choose the file to use
problem-named-file = The settings name a file that is not in your folders: { $path }. Say at the top of the form what shall be used
