## The queue

queue-pause = Pause queue
    .tip = Lets no job begin until you let it go on; the picture at work is finished
queue-go-on = Resume queue
queue-clear = Clear waiting
    .tip = Takes away all jobs that wait; they can be retried below
queue-resume-held = Resume
    .tip = Lets the jobs that are back from last time begin
queue-clear-held = Clear
    .tip = Takes away the jobs that are back from last time; they can be retried on the queue's page
queue-held-back = { $count ->
    [one] 1 job from last time
   *[other] { $count } jobs from last time
}
queue-clear-done = Clear list
    .tip = Empties this list; the pictures stay in the gallery
queue-select-previous = Select the job above
    .tip = Goes one job up in the list
queue-select-next = Select the job below
    .tip = Goes one job down in the list
queue-move-up = Earlier
    .tip = Moves the job one place forward
queue-move-down = Later
    .tip = Moves the job one place back
queue-move-first = Make it the next
    .tip = Moves the selected job before all others that wait
queue-move-last = Make it the last
    .tip = Moves the selected job behind all others
queue-cancel = Take away
    .tip = Takes the job out of the queue; it can be retried below
queue-stop = Stop
    .tip = Stops the picture in the making before its next step
queue-duplicate = Duplicate
    .tip = Puts the job in once more, right behind it, with the seed that follows
queue-retry = Retry
    .tip = Puts the job at the end of the queue again, with the same seed
queue-handle = Drag to another place: { $job }
    .tip = Drag to another place, or press Alt with ↑ or ↓
queue-of = { $name }: { $job }

queue-tab = Queue { $count }
queue-none = Nothing waits. { $key } puts a picture in
queue-empty = Nothing is being made
queue-count = { $count ->
    [one] 1 job
   *[other] { $count } jobs
}
queue-left = about { $time } left
queue-left-more = more than { $time } left
queue-is-paused = Paused: no job begins until you resume the queue
queue-held = { $count ->
    [one] The queue is paused; 1 job is waiting
   *[other] The queue is paused; { $count } jobs are waiting
}
queue-at-work = In the making
queue-next = Next
queue-done = Done lately
queue-sweep-title = Sweep
queue-sweep = { $made } of { $all } made

queue-no-prompt = (no prompt)
queue-about = { $steps ->
    [one] { $model } · { $size } · 1 step · seed { $seed }
   *[other] { $model } · { $size } · { $steps } steps · seed { $seed }
}
queue-pictures = { $count } pictures
queue-branch = branch from step { $step }
queue-branch-unkept = branch from step { $step }, not kept over a restart
queue-step = Step { $step }/{ $total } · { $time }
queue-takes = about { $time }
queue-begins = Begins
queue-secs = { $secs } s
queue-mins = { $mins } min
queue-hours = { $hours } h { $mins } min
queue-made = { $count ->
    [one] 1 picture
   *[other] { $count } pictures
}
queue-cancelled = Taken away
queue-failed = Failed

queue-back = Jobs that are back from last time: { $count }. They wait until you resume them
queue-back-first = Jobs that are back from last time: { $count }. The one that was being made comes first. They wait until you resume them
queue-not-kept = Jobs that wait cannot be kept, and end with the program: { $reason }
queue-damaged = The jobs of last time could not be read ({ $reason }); their file was renamed to { $file }
queue-unknown = Jobs of last time that this version does not know: { $count }. A copy of their file is { $file }
queue-taken = Another window of Hareru keeps its queue; jobs that wait in this one end with it
queue-away = While you were away, pictures made: { $pictures }
queue-away-failed = While you were away, pictures made: { $pictures }, jobs failed: { $failed }
