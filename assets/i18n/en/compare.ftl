## The page that compares

compare-way-slider = Slider
    .tip = Both in one place, divided by a line: drag it, turn it by its small handle or with Alt and the wheel
compare-way-beside = Side by side
    .tip = All of them beside each other, zoomed and moved as one
compare-way-blink = Blink
    .tip = Both in one place, one after the other
compare-way-difference = Difference
    .tip = Blue where B is darker than A, white where they agree, orange where B is brighter
compare-way-settings = Table
    .tip = Only the settings in which the pictures differ

compare-empty = Hold two to nine pictures against each other
compare-empty-gallery = Choose them in the gallery and press C,
compare-empty-drop = or drop picture files on this page.
compare-empty-open = Open the gallery
compare-divider = Divider: Left and Right move it, with Shift further; Home and End take it to the edge
compare-canvas = Comparison of { $files }
compare-count =
    { $count ->
        [one] One picture
       *[other] { $count } pictures
    }
compare-one-more = Add another one to compare it with: drop a file here, or choose it in the gallery
compare-too-many =
    Nine pictures can be compared at once; { $count } more were left out

compare-angle = Angle
    .tip = Direction in which B lies: 0° to the right, 90° below
compare-blink-itself = By itself
    .tip = Changes by itself; otherwise F changes
compare-blink-secs = Every
    .tip = How long each of them is shown
compare-gain = Gain
    .tip = Multiplies the difference, so that small ones can be seen

compare-darker = B darker
compare-brighter = B brighter

compare-similarity = PSNR { $psnr } dB   ·   SSIM { $ssim }   ·   largest difference { $most }
compare-identical = The same, pixel for pixel
compare-measuring = Measuring …
compare-not-alike-enough = Their steps are not of one size, so there is no PSNR
compare-sizes-differ = A { $a }, B { $b }: scaled to fit each other, so there is no PSNR
compare-part-from = The runs part from step { $step }
compare-first-part-from = The first of the runs parts from step { $step }
compare-part-never = The runs are the same at every step
compare-part-unknown = No step was kept of both runs

compare-no-runs = None of these pictures kept its steps
compare-reading = Reading the steps …
compare-step = step { $step } / { $total }
compare-finished = finished pictures
compare-playhead = Step of all runs
    .tip = Unfolds all runs together; the marks show where runs part from A
compare-as-first = Show { $file } as A
compare-as-second = Show { $file } as B
compare-remove = Take { $file } out of the comparison
compare-rate = Rate { $rating } of 5: { $file }
compare-not-rated = { $file } is not in the gallery, so it cannot be rated

compare-reference = Reference
compare-as-reference = Compare the settings with those of { $file }
compare-no-record = says nothing of how it was made
compare-no-records = Fewer than two of these pictures say how they were made
compare-same-settings = All of them were made with the same settings
compare-field-hash = Model file (SHA-256)
compare-field-family = Model family
compare-field-precision = Precision
compare-field-decoder = Decoder
compare-field-program = Program

compare-next-way = Next way
    .tip = Compares in the next way
compare-swap = Swap
    .tip = A and B change places
compare-flip = Other one
    .tip = Shows the other of the two
compare-turn = Turn
    .tip = Turns the line by an eighth
compare-next-picture = Next picture as B
    .tip = Holds the next picture against A
compare-previous-picture = Previous picture as B
    .tip = Holds the picture before against A
compare-remove-second = Take B out
    .tip = Takes B out of the comparison; its file stays
compare-clear = Clear
    .tip = Takes all pictures out of the comparison; their files stay
compare-previous-step = Step back
    .tip = Shows all runs one step earlier
compare-next-step = Step on
    .tip = Shows all runs one step later
compare-first-step = First step
    .tip = Shows all runs at their first step
compare-last-step = Finished pictures
    .tip = Shows all runs finished
compare-play = Play together
    .tip = Plays all runs together, or stops
compare-rate-none = No stars
    .tip = Takes the stars of B away
compare-rate-1 = One star
    .tip = Gives B one star
compare-rate-2 = Two stars
    .tip = Gives B two stars
compare-rate-3 = Three stars
    .tip = Gives B three stars
compare-rate-4 = Four stars
    .tip = Gives B four stars
compare-rate-5 = Five stars
    .tip = Gives B five stars
