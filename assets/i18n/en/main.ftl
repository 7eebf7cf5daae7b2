# The window in English. A message's attribute .tip is its tooltip.
# Sentence case, no colons after labels, "…" where a dialog follows, single sentences without a full stop.

## Commands

command-generate = Generate
    .tip = Makes a picture with these settings
command-stop = Stop
    .tip = Stops the picture in the making before its next step
command-restart-engine = Restart engine
    .tip = Starts the engine again; the jobs that wait are then made
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
command-undo-form = Undo in the form
    .tip = Takes back the newest edit of the form, or settings that were filled in; a text field that is being typed in has its own undo
command-redo-form = Redo in the form
    .tip = Makes the edit of the form again that was taken back
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
command-zoom-whole-pixels = Whole pixels
    .tip = Fit enlarges by whole numbers only, so that every pixel is as large as the next; once more, and the picture fills the canvas
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
class-numbered = Class { $class }
form-class = Class
    .tip = What is to be seen. This model knows kinds of pictures instead of words
form-any-class = any
form-few-steps = Four steps
    .tip = Lays an adapter over the model that was distilled to draw in four steps without guidance: a picture in the time of a few steps, a little less exact
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
form-prompt-syntax = Prompts are read
    .tip = Whether brackets, schedules and words such as BREAK and AND mean something, as they do in A1111, or are drawn as they are written, as older versions did
syntax-a1111 = as in A1111
syntax-literal = literally
form-emphasis = Weights
    .tip = What a weight such as (word:1.3) does: multiply and keep the mean of the whole, as in A1111, or lead from the empty prompt to this one and beyond, as in ComfyUI
emphasis-keep-mean = keep the mean (A1111)
emphasis-interpolate = interpolate (ComfyUI)
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
model-flowers = Flowers (by class)
model-reading = Reading the model…
model-about = { $family } · { $prediction } · native size { $size }

# The kind of file in a file picker.
dialog-weights = Weights

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
status-upscaling = Enlarging…
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
notice-still-saving = { $count ->
    [one] One thing is still being saved; the window closes by itself once it is
   *[other] { $count } things are still being saved; the window closes by itself once they are
}
notice-settings-unreadable = Your settings could not be read, so the defaults are used ({ $reason }). { $fate ->
    [kept] The old file is kept as { $file }
   *[stuck] The old file could not be kept as { $file }
}
notice-settings-left-out = Some settings could not be understood and have their defaults: { $fields }. { $fate ->
    [kept] The old file is kept as { $file }
   *[stuck] The old file could not be kept as { $file }
}
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

# What a restored picture's settings ask for beyond the form
extra-title = Also from this picture
extra-drop = Drop
    .tip = Leave all of this out of the next picture
extra-lora = Adapters: { $what }
extra-embedding = Words from { $what }
extra-switch = Later: “{ $what }”
extra-refiner = Last steps by { $what }
extra-hires = A second pass at a larger size
extra-upscale = Enlargement by a network
extra-variation = A little of another seed
extra-tiling = Edges join without a seam
extra-noise = Starts from another program's noise
extra-guidance = Guidance changes over the run
extra-vae = Decoded by { $what }
extra-noise-level = Noise over the picture that is enlarged: { $what }
extra-stop = Ends after step { $what }
extra-film = Frames of an animation
extra-changes = Settings change at later steps

# Branches
notice-inexact = This branch is not exactly the run it left: { $why }.
# Kept runs
notice-run-not-kept = { $file } was saved, but without its steps: { $reason }
## A run that is kept, steered and branched

run-steps-foreign = The steps beside this picture belong to another one
run-steps-none = No steps of this picture were kept
run-steps-gaps = Only { $kept } of { $total } steps were kept
run-steps-unreadable = The steps of this picture cannot be read: { $reason }
steer-refused = This cannot be changed on the way: { $reason }
command-last-step = Last step
    .tip = Goes to the end of the run
command-play = Play or pause
    .tip = Lets the run wait before its next step, or go on; plays back a run that is over
command-loop = Loop
    .tip = Begins again at the start when playing back reaches the end
command-speed = Speed
    .tip = How quickly the run is played back; press for the next speed
command-single-step = Single step
    .tip = Takes one step and waits; shows the next step of a run that is over
command-step-back = Step back
    .tip = Takes the newest step again, after waiting; shows the step before of a run that is over
command-end-here = Stop after this step
    .tip = Ends the run after the step at work; the estimate it has then becomes the picture
command-keep-step = Keep this step
    .tip = Saves the step on the canvas as a picture of its own
command-apply = Apply at the next step
    .tip = The picture in the making goes by what the form says now, from its next step on
command-branch = Branch here
    .tip = Fills the form with what held at this step; change something and press Generate, and only the steps from here on are computed
command-leave-branch = Leave the branch
    .tip = Makes no branch; the next picture is a run of its own
status-pausing = Pausing
status-paused = Paused before { $step }
status-kept = Kept run
timeline-playhead = Playhead
timeline-numbers = Step { $step } · σ { $sigma } · { $secs } s
timeline-change = Changed from step { $step } on: { $what }
change-prompt = prompt “{ $value }”
change-negative = negative prompt “{ $value }”
change-guidance = guidance { $value }
change-rescale = φ { $value }
change-sampler = sampler { $value }
change-eta = η { $value }
change-seed = seed of later noise { $value }
change-loras = adapters { $value }
change-controls = control weights { $value }
branch-of = Branching at step { $step } of { $file }
    .tip = Prompts, guidance, φ, sampler, η, adapters, control weights and the seed of later noise can change here; anything else starts a new run
branch-of-run = Branching at step { $step } of this run
branch-new-run = This cannot change at a step, so it starts a new run
branch-no-step = Not exact: step { $step } was not kept
branch-other-settings = Not exact: the settings differ from step { $step } on
branch-other-model = Not exact: the model has changed since
branch-other-precision = Not exact: made in { $expected }, now { $found }
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
## The sides of the page and the inspector

command-toggle-sides = Hide sides
    .tip = Hides both sides so that only the picture is left, or shows them again
command-toggle-form = Form
    .tip = Hides the form at the left, or shows it again
command-toggle-inspector = Inspector
    .tip = Hides what is known of the run at the right, or shows it again
command-focus-controls = Go to the controls
    .tip = Gives the keyboard to the first control; Tab goes on from there
sides-show-form = Show the form
sides-show-inspector = Show the inspector
explain-what = What is this? { $name }

inspector-plots = Plots
    .tip = The run in numbers, step by step; click or drag in a plot to go to a step
inspector-tree = Run tree
    .tip = Runs and what branched off them
inspector-settings = Settings of this run
    .tip = What the picture on the canvas was asked for, and what was changed on the way
inspector-kept = What is kept
    .tip = Every step of a run is kept in a file beside its picture, to be opened and branched later

plot-name = { $name }: plot
plot-sigma = Noise level, signal
    .tip = How much noise is still in the picture (line), and how strong the picture is against it (dashed)
    .more = Each step takes the picture from one noise level to the next lower one. At the start noise drowns everything; where the dashed line crosses 1, picture and noise are equally strong. Early steps settle the composition, late ones the details.
    .formula = x = x₀ + σ · ε,  SNR = 1 / σ²
plot-noise = Predicted noise ‖ε‖
    .tip = How strong the noise is that the network sees in the picture at each step; about 1 means it sees just what was put in
    .more = At every step the network says which part of what it is given is noise. After guidance this may be more or less than there really is. A line that climbs far above 1 means guidance pushes hard; colours then tend to burn out, and rescale φ helps.
    .formula = ε = (x − x₀) / σ,  ‖ε‖ = √( mean of ε² )
plot-guidance = What guidance adds
    .tip = How much it matters to the network, at each step, whether it knows the prompt
    .more = The network is asked twice, once with the prompt and once with the negative prompt, and guidance enlarges the difference of its two answers. Where this line is high the prompt decides; where it is near 0 the picture goes its own way, and changing the prompt there changes little.
    .formula = ε = ε_uncond + s · (ε_cond − ε_uncond);  plotted: ‖ε_cond − ε_uncond‖
failure-again = Try again
    .tip = Generates with the form as it is now
plots-none = Noise levels, norms and times of each step are plotted here once a run has begun
plot-guidance-none = Not kept for this run, or guidance was off
plot-change = Change of the estimate ‖Δx₀‖
    .tip = How much the guessed finished picture changes from one step to the next
    .more = After each step there is a guess of the finished picture. High values mean it is still being decided what is shown; when the line lies flat near 0 the rest is polish, and further steps would hardly be seen.
    .formula = ‖Δx₀‖ = √( mean of (x₀[k] − x₀[k − 1])² )
plot-secs = Seconds per step
    .tip = How long each step took
    .more = The first step is often slower because memory is being set up. Samplers that ask the network twice in a step take twice as long.
    .formula = t[k], wall time of step k
plot-path = Path of the latents
    .tip = The way from noise to picture as a line on a map; runs that begin alike share their way until they part
    .more = A picture in the making has thousands of numbers. Here they are laid flat: the two directions in which all steps shown differ most become right and up. Each dot is a step, noise at the left and the picture at the right. Branches are drawn thinner and leave where something was changed.
    .formula = x ≈ mean + a · v₁ + b · v₂; v₁, v₂ are the two main axes (PCA)
plot-path-noisy = of xₜ
plot-path-estimate = of x₀
plot-path-runs = { $count ->
    [one] Thin: 1 run that began the same way
   *[other] Thin: { $count } runs that began the same way
}

tree-none = Runs and their branches appear here
tree-hint = Tick two runs, or Ctrl+click them, to compare
tree-live = In the making
tree-run = Run { $file }
tree-branch = Branch from step { $step }, { $file }
tree-from = From step { $step }
tree-about = { $steps ->
    [one] Seed { $seed } · 1 step
   *[other] Seed { $seed } · { $steps } steps
}
tree-same = Nothing changed
tree-parent-gone = The run it left is not among the recent pictures
tree-choose = Compare { $run }
    .tip = Chooses this run; two chosen runs are compared below

compare-title = Comparison
compare-close = Done
    .tip = Puts the comparison away
compare-same = Both have the same settings
compare-apart = They differ from the very first step
compare-shared = The same up to step { $step }, where they part
compare-from = { $name }, from step { $step }

run-settings-none = The settings of the run on the canvas appear here
run-settings-course = Changes on the way
    .tip = Made while the run was on its way; each holds from its step on
run-settings-unchanged = None
run-settings-change = Step { $step }: { $what }

kept-none = No run on the canvas
kept-size = This run's file: { $size } MiB
    .tip = Room that this run takes on disk beside its picture, everything kept
kept-part = { $size } MiB
kept-branches = Keep both sides of guidance
    .tip = Keeps what the network said with the prompt and without it; needed for the views and the plot of guidance
kept-attention = Keep attention
    .tip = Keeps where the network looked at which word; needed for the views of words
kept-budget = Room for runs
    .tip = When all kept runs together need more, the oldest are thinned out, then put into the trash; pictures always stay, and so do the runs of favourites and rated pictures

budget-ask = Make less room for runs?
budget-dropped = { $count ->
    [one] One run loses its steps; they go to the trash.
   *[other] { $count } runs lose their steps; they go to the trash.
}
budget-thinned = { $count ->
    [one] One run loses what only its views need.
   *[other] { $count } runs lose what only their views need.
}
budget-freed = This frees { $size } MiB. Pictures always stay.
budget-cancel = Cancel
    .tip = Leaves the room for runs as it was
budget-agree = Make less room
    .tip = Sets the new size and puts what no longer fits into the trash
budget-applied = The room for runs is smaller now. Runs without steps: { $dropped }, thinned out: { $thinned }

field-vae = Autoencoder
field-guidance-interval = Guidance used in
field-guidance-schedule = Guidance over the run
field-init = Start picture
field-mask = Mask
field-outpaint = Beyond the edges
field-controls = Controls
field-references = References
field-hires = Second pass
field-upscale = Enlargement
field-refiner = Refiner
field-variation = Variation
field-tiling = Seamless edges
field-noise-source = Noise source
field-loras = Adapters
field-embeddings = Embeddings
field-class-label = Class
field-noise-level = Noise on the start picture
field-film = Film
field-stop-after = Stopped after step

# Sweeps
sweep-title = Sweep
    .tip = Makes many runs that differ in one field or more, and shows them side by side
sweep-start = Sweep { $size }
sweep-none = Choose a field: a run is made for each of its values.
sweep-runs = { $count ->
    [one] 1 run
   *[other] { $count } runs
}
sweep-x = X: columns
    .tip = The field that differs from column to column
sweep-y = Y: rows
    .tip = The field that differs from row to row
sweep-z = Z: sheets
    .tip = The field that differs from sheet to sheet
sweep-values = Values
    .tip = From, to and how many: -10..10:9; or one by one: 3, 5, 7
sweep-values-hint = -10..10:9 or 3, 5, 7
sweep-from = From step
    .tip = The values hold from this step on, counted from 0; empty is from the beginning. Runs share the steps before it
sweep-from-hint = from 0
sweep-other = Other prompt
    .tip = What the picture turns into at the step of the switch
sweep-clear = Clear
    .tip = Asks for single pictures again
sweep-preset-guidance = Guidance { "\u2212" }10…10
    .tip = Nine strengths of guidance in the columns, from moving away from the prompt to following it hard
sweep-preset-rescale = φ { "\u2212" }10…10
    .tip = Nine strengths of rescale in the columns, far out of its usual range
sweep-preset-switch = Switch step 0…N
    .tip = The prompt turns into another one, at a later step from column to column
sweep-field-none = –
sweep-field-guidance = Guidance
sweep-field-rescale = φ
sweep-field-strength = Strength
sweep-field-switch = Switch step
sweep-field-words = Prompt words
sweep-field-lora = LoRA { $place } weight
sweep-field-control = Control { $place } weight
sweep-axis-from = { $field } from step { $step }
sweep-value-from = { $field } { $value } from step { $step }
sweep-problem = No sweep: { $reason }
sweep-problem-from = The first step must be a whole number from 0, found “{ $found }”.
sweep-problem-columns = Choose what differs from column to column first.
sweep-problem-other = Say what other prompt the switch leads to.
sweep-problem-values = Values are typed as -10..10:9 or 3, 5, 7; found “{ $found }”.
sweep-problem-many = A sweep may have up to { $max } runs, found { $found }.
sweep-problem-number = { $field } must be a number, found “{ $found }”.
sweep-problem-whole = { $field } must be a whole number from 0, found “{ $found }”.
sweep-problem-words = The first value must be among the words of the prompt: the others take its place.
sweep-problem-needs = { $field } belongs to nothing that the form asks for.
sweep-problem-fixed = { $field } holds for a whole run: leave its first step empty.
sweep-problem-running = The sweep before is still running.
sweep-progress = { $done } of { $total } runs
sweep-failed = { $count } failed
sweep-stopped = stopped
sweep-newest = Newest
sweep-playhead = Step of all runs
    .tip = Shows all runs at the same step (← → Home End); a run with fewer steps stays at its end
sweep-sheet-tip = Shows this sheet
sweep-cell-open = Click to open this run
sweep-cell-saving = Its picture is being saved
sweep-cell-settings = { $steps ->
    [one] 1 step · guidance { $guidance } · φ { $rescale } · { $sampler } · seed { $seed }
   *[other] { $steps } steps · guidance { $guidance } · φ { $rescale } · { $sampler } · seed { $seed }
}
sweep-cell-shared = { $count ->
    [one] Its first step was taken from another run
   *[other] Its first { $count } steps were taken from another run
}
command-show-sweep = Back to the sweep
    .tip = Shows all its runs again
command-close-sweep = Close
    .tip = Puts the sweep away once it is over; its pictures stay in the gallery

# Runs side by side
compare-beside = Side by side
    .tip = Show both on the canvas; the playhead scrubs them in step
command-close-beside = Close the run beside
    .tip = Show one run alone again

# Export
export-menu = Export
    .tip = Write what is on the canvas as a film or a sheet, in the view that is chosen
export-gif = GIF film
    .tip = Shown everywhere; 256 colours a frame
export-webp = WebP film
    .tip = Every colour, small; browsers show it
export-apng = PNG film
    .tip = Every colour, larger; browsers show it
export-sheet = Contact sheet
    .tip = All steps on one picture, or all runs of a sweep
export-done = Written: { $file }
export-failed = The file could not be written: { $reason }
command-stop-export = Stop writing
    .tip = Stop writing; no file is left
