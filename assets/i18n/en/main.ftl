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

## A run that is kept, steered and branched

unfolding-foreign = The steps beside this picture belong to another one
unfolding-none = No steps of this picture were kept
unfolding-gaps = Only { $kept } of { $total } steps were kept
unfolding-unreadable = The steps of this picture cannot be read: { $reason }
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
