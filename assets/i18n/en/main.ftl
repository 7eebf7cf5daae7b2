# The window in English. A message's attribute .tip is its tooltip.
# Sentence case, no colons after labels, "…" where a dialog follows, single sentences without a full stop.

## Commands

command-generate = Generate
    .tip = Makes a picture with these settings
command-stop = Stop
    .tip = Stops the picture in the making before its next step
command-restart-engine = Restart engine
    .tip = Starts the engine again; jobs that were waiting are gone
command-live = Live
    .tip = Goes back to the newest step and stays with it
command-previous-step = Previous step
    .tip = Shows the picture one step earlier
command-next-step = Next step
    .tip = Shows the picture one step later
command-first-step = First step
    .tip = Shows the first step of the run
command-use-settings = Use settings
    .tip = Fills the form with the settings this picture was made with, its seed included
command-open-picture = Open picture…
    .tip = Opens a saved picture and takes over its settings
command-open-model = Open model folder…
    .tip = Uses a model on disk: a folder in the diffusers layout
command-zoom-in = Zoom in
    .tip = Shows the picture larger
command-zoom-out = Zoom out
    .tip = Shows the picture smaller
command-zoom-fit = Fit
    .tip = Shows all of the picture
command-zoom-actual = 1:1
    .tip = Shows one pixel of the picture on one pixel of the screen

## The line above

top-language = Language
    .tip = The language of the window
top-theme = Theme
    .tip = Dark surroundings or light ones; both are neutral so that colours look true
top-notices = Notices ({ $count })
    .tip = What happened so far, newest first
theme-dark = Dark
theme-light = Light
theme-system = System

## The form

form-changed = { $name }: the model's default is { $default }; click to go back to it
form-value-of = { $name } (number)
form-prompt = Prompt
    .tip = What the picture shows, in words; what comes first weighs a little more
form-negative = Negative prompt
    .tip = What the picture should stay away from; left empty, nothing is avoided
form-model = Model
    .tip = The network that draws; it decides what can be drawn and in which style
form-sampler = Sampler
    .tip = How each step is taken from noise towards the picture; some get there in fewer steps, some add new noise on the way
form-schedule = Schedule
    .tip = How the noise levels are spread over the steps; Karras spends more of them on fine detail
form-steps = Steps
    .tip = How many steps the noise is cleared in; more take longer and settle finer detail
form-guidance = Guidance (CFG)
    .tip = How strongly the picture follows the prompt; 1 is the plain model, higher is more literal and harsher, below 0 moves away from the prompt
form-rescale = Rescale φ
    .tip = Takes back the glare that strong guidance brings; 0 leaves the picture as it is, 1 gives it the contrast of an unguided one
form-eta = Noise η
    .tip = New noise that DDIM adds at each step; 0 always gives the same picture from a seed, 1 wanders the most
form-size = Size
    .tip = Width and height of the picture in pixels; far from the model's own size, things repeat or fall apart
form-width = Width
form-height = Height
form-size-presets = Size presets
    .tip = Sizes that suit this model
form-seed = Seed
    .tip = The number that the first noise is made from; the same seed and settings give the same picture
form-seed-lock = Keep seed
    .tip = Closed: the next picture keeps this seed; open: it draws a new one
form-seed-roll = New seed
    .tip = Draws another seed now
form-batch = Pictures
    .tip = How many pictures are made one after the other, each with the next seed
form-preview = Preview
    .tip = How the picture at each step is made from the latents; it does not change the result
form-precision = Precision
    .tip = The number format the networks compute in; f32 is exact, the 16-bit formats are quicker, take half the memory and change the finest detail; Automatic takes the quickest of this computer that shows no visible difference
form-advanced = Advanced
form-spacing = Timestep spacing
    .tip = Which of the training timesteps the run visits; it shifts brightness and contrast
form-clip-skip = CLIP skip
    .tip = Leaves out the last layers of the text encoder; some models were trained that way and follow the prompt better with it

preview-auto = Automatic
preview-linear = Linear map (fast)
preview-vae = Full VAE (slow)
preview-off = Off
precision-auto = Automatic
precision-auto-as = Automatic ({ $precision })
precision-f32 = f32 (exact)
precision-f16 = f16 (half)
precision-bf16 = bf16 (half, wide range)
spacing-model = As the model says
spacing-leading = Leading
spacing-trailing = Trailing
spacing-linspace = Even

model-starter = Starter
model-reading = Reading the model…
model-about = { $family } · { $prediction } · native size { $size }

queue-waiting = { $count ->
    [one] 1 job is waiting
   *[other] { $count } jobs are waiting
}

## What stands in the way

problem-empty-prompt = Write what the picture shall show
problem-size = Sides must be multiples of { $multiple } from { $multiple } to { $max } px, found { $found }
problem-steps = Steps must be 1 to { $max }, found { $found }
problem-batch = Pictures must be 1 to { $max }, found { $found }
problem-not-finite = Guidance, rescale φ and η must be numbers
problem-eta = η must be 0 to 1, found { $found }
problem-range = { $field } must be { $expected }, found { $found }
problem-needs = { $field } needs { $needs }
problem-unknown = Nothing is called { $found }; known are { $known }
problem-engine-stopped = The engine has stopped; restart it below the canvas
problem-model-refused = This model cannot be used; choose another

## The canvas

canvas-name = Canvas: { $shown }
canvas-noise = Noise, waiting to be cleared
canvas-run = Seed { $seed }
canvas-batch = Picture { $index } of { $count } · seed { $seed }
canvas-invite = Press Ctrl+Enter and watch it clear
canvas-chip-tip = Takes this as the prompt

## The run in time

status-ready = Ready
status-waiting = Waiting
status-loading = Loading the model
status-encoding = Reading the prompt
status-denoising = Clearing the noise
status-decoding = Decoding the picture
status-stopping = Stopping
status-done = Done in { $secs } s
status-stopped = Stopped
status-failed = Failed
status-engine-stopped = Engine stopped
timeline-step = Step { $step }/{ $total }
timeline-pace = { $secs } s/step
timeline-left = { $secs } s left
timeline-cell = Step { $step }
    .tip = Step { $step }, from noise level σ { $sigma }; click to look at it

## Saved pictures

recent-none = Pictures you make are kept here
recent-seed = Seed { $seed } · { $model }

## Notices and dialogs

notice-close = Close notice
    .tip = Takes this away; it can still be read under Notices
notices-none = Nothing has happened yet
notice-restored = Took the settings of { $file }
notice-no-settings = { $file } carries no settings; the form is as it was
notice-not-opened = { $file } could not be opened: { $reason }
notice-not-saved = The picture could not be saved: { $reason }
notice-no-gallery = Pictures cannot be kept in { $folder }: { $reason }
notice-model-refused = The model { $model } cannot be used: { $reason }
notice-engine-stopped = The engine has stopped; press Restart engine below the canvas
notice-queue-full = Too many jobs are waiting; let some finish first
notice-failed-request = This cannot be made: { $reason }
notice-failed-model = The model could not be loaded: { $reason }
notice-failed-memory = Not enough memory; try a smaller size: { $reason }
notice-failed-not-finite = The numbers ran away; try less guidance or another sampler: { $reason }
notice-failed-internal = Something went wrong in the engine: { $reason }
dialog-model-folder = Open a model folder
dialog-picture = Open a picture
drop-here = Drop a picture to take over its settings, or a model folder to use it

# What a restored picture's settings ask for beyond the form
carried-title = Also from this picture
carried-drop = Drop
    .tip = Leave all of this out of the next picture
carried-init = Starts from { $what }
carried-mask = Paints where { $what } is white
carried-control = Follows { $what }
carried-reference = Takes { $what } as a prompt
carried-lora = Adapters: { $what }
carried-embedding = Words from { $what }
carried-switch = Later: “{ $what }”
carried-refiner = Last steps by { $what }
carried-outpaint = Paints on beyond the edges
carried-hires = A second pass at a larger size
carried-variation = A little of another seed
carried-tiling = Edges join without a seam
carried-noise = Starts from another program's noise
carried-guidance = Guidance changes over the run
carried-vae = Decoded by { $what }

## The views of a step: its name in short, in full (.name), in a sentence (.tip), at length (.more) and exactly (.formula)

command-next-view = Next view
    .tip = Looks at the step in the next way
command-next-second-view = Next second view
    .tip = Shows the step in two ways side by side; after the last way there is one again
command-explain-view = What is this?
    .tip = Explains what the view shows, at length and with its formula

view-choose = Shift+click: beside the first view
view-first = View
view-second = Second view
view-second-none = One view
view-lacks-step = There is no step to look at yet
view-lacks-branches = What the network said with the prompt and without it was not kept for this step
view-lacks-uncond = At this step the network was not asked without the prompt, because guidance did not need it
view-lacks-final = The picture is not finished yet, so nothing can be compared with it
view-lacks-attention = Attention was not kept for this step
view-lacks-noise = There is no noise left at this step
view-lacks-whole = The latents of this step are damaged

view-x0 = x₀
    .name = Estimate x₀
    .tip = The picture that the network expects in the end, judged from this step alone
    .more = At every step the network says how much of what it sees is noise. Take that noise away and its estimate of the finished picture remains. At first it is a blur of colours and large shapes, because many pictures are still possible; step by step it settles. The run does not jump there: it goes a little in that direction and asks again.
    .formula = x₀ = x − σ · ε, with guidance in ε
view-xt = xₜ
    .name = Noisy latents xₜ
    .tip = What the network gets to see at this step: the picture so far, with the noise that is still in it
    .more = A picture begins as noise alone, and every step takes some of it away. This is where the run stands between two steps; all that follows is computed from it. Latents are the small image that the network works on: a few numbers for each place, of which a decoder makes pixels at the end. Here the numbers are shown as colours at once.
    .formula = x / √(1 + σ²), where σ is the noise level of the step
view-noise = ε
    .name = Noise ε
    .tip = What the network takes for noise in the picture so far; without it, the estimate remains
    .more = This is the answer that the network gives at every step, guidance included. At first it is nearly the noise that the run began with, and looks like grain. Later shapes appear in it: the places where the network still corrects the picture.
    .formula = ε = (x − x₀) / σ
view-uncond = uncond
    .name = Without the prompt
    .tip = The picture that the network expects if it is not told the prompt
    .more = With guidance the network is asked twice at every step, with the prompt and without it. This is what it expects without: what it would draw if nobody had said what. If there is a negative prompt, that takes the place of nothing.
    .formula = x − σ · ε(without)
view-cond = cond
    .name = With the prompt
    .tip = The picture that the network expects with the prompt, before guidance makes it follow more strongly
    .more = The network is asked twice at every step, and this is its answer when it is told the prompt. What differs from the answer without is what the words mean to it; guidance goes further along that difference than the network would by itself.
    .formula = x − σ · ε(with)
view-guidance = guidance
    .name = What guidance adds
    .tip = Where and how strongly the prompt pulls at this step: blue one way, orange the other, white not at all
    .more = Guidance takes the difference between the answers with the prompt and without it, and goes along it as far as the guidance scale says. Strong colours are places where the words matter now: at first nearly everywhere, later at the edges and details that they name. Blue and orange are opposite directions, neither is better.
    .formula = ε = ε(without) + scale · (ε(with) − ε(without)); shown is the bracket: the mean size over the channels, with the sign of the largest
view-difference = difference
    .name = Distance to the finished picture
    .tip = How far the estimate still is from the finished picture: dark is settled, bright will still change
    .more = Each place of the estimate is compared with the latents that the run ended with. So one sees what is decided early, mostly large shapes and colours, and what comes late, mostly edges and texture. It can be seen once the run has ended.
    .formula = √(mean over the channels of (x₀ − final)²)
view-attention = attention
    .name = Attention to “{ $word }”
    .tip = Where the network looks at this word: yellow places take the most from it
    .more = While it works, the network asks at every place of the picture how much each word of the prompt concerns it; the answers for all words add up to 1. This map is the share of one word, the mean of all layers and heads. The mark at the start often gets most: places that no word concerns look there.
    .formula = softmax(Q · Kᵀ / √d), as in Tang et al. (2022)

tokens-none = Attention was not kept with this run, so its words cannot be looked at
tokens-start = start
tokens-end = end
tokens-rest = rest
tokens-word = Shows where the network looks at this word; click to keep it there
tokens-mean = All sizes
tokens-level = Feature maps
    .tip = Which layers of the network are shown, by the size of their maps; small ones see the whole, large ones details
