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

# Branches
notice-inexact = This branch is not exactly the run it left: { $why }.

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
sweep-cell-settings = { $steps } steps · guidance { $guidance } · φ { $rescale } · { $sampler } · seed { $seed }
sweep-cell-shared = { $count ->
    [one] Its first step was taken from another run
   *[other] Its first { $count } steps were taken from another run
}
command-show-sweep = Back to the sweep
    .tip = Shows all its runs again
command-close-sweep = Close
    .tip = Puts the sweep away once it is over; its pictures stay in the gallery
