## The list of all commands

palette-open = Search commands
    .tip = Lists everything the window can do, with its key; type a part of the name
palette-hint = Search or command
palette-field = Command
palette-none = No command is called that

## Settings

settings-general = General
settings-pictures = Pictures
settings-computing = Computing
settings-keys = Keys
settings-log = Log
settings-about = About
settings-on = On
settings-off = Off
settings-after-restart = From the next start on

settings-scale = Size of text and controls
    .tip = Makes everything in the window larger or smaller, on top of what the desktop does
settings-motion = Reduce motion
    .tip = Nothing slides, fades or blinks; where the processor draws the window, nothing does anyway

settings-gallery = Gallery folder
    .tip = Where pictures and their runs are saved
settings-gallery-choose = Choose folder…
    .tip = Keeps pictures in another folder from the next start on; those that are there already stay where they are
settings-gallery-usual = Usual folder
settings-gallery-later = From the next start on; until then pictures go to { $now }. Pictures made so far stay there and are not moved
settings-gallery-keep = Show the old folder too
    .tip = Adds the folder of now to the folders shown beside, so that its pictures are still found
settings-watched = Folders shown beside
    .tip = Their pictures appear in the gallery and can be searched; nothing is ever written there
settings-watched-add = Add folder…
    .tip = Shows the pictures of another folder, such as that of another program
settings-watched-remove = Remove { $folder }
    .tip = Shows this folder no longer; its files stay
settings-format = File format
    .tip = PNG and WebP keep every pixel; JPEG is much smaller and loses a little; all carry their settings
settings-format-png = PNG (exact)
settings-format-webp = WebP (exact, smaller)
settings-format-jpeg = JPEG (smallest)
settings-quality = Quality
    .tip = 1 to 100; from 90 on, differences from the original are hard to see
settings-name = Names of pictures
    .tip = How new files are called; / makes a folder
settings-name-usual = Usual names
settings-name-example = For example { $name }
settings-name-bad = Pictures keep their usual names until this is a template: { $reason }
settings-name-words = Words that are filled in stand in braces, such as { "{" }date{ "}" }, { "{" }time{ "}" }, { "{" }prompt{ "}" }, { "{" }model{ "}" }, { "{" }seed{ "}" }, { "{" }steps{ "}" }, { "{" }cfg{ "}" }, { "{" }sampler{ "}" }, { "{" }width{ "}" }, { "{" }height{ "}" }, { "{" }batch{ "}" } and { "{" }count{ "}" }

settings-device = Device
    .tip = What computes pictures; takes effect from the next start on
settings-device-best = The best there is
settings-device-processor = Processor
settings-device-now = Computing now: { $device }
settings-threads = Threads
    .tip = How many cores of the processor compute; fewer leave more to other programs
settings-threads-auto = Automatic

settings-keys-find = Find a command
settings-keys-everywhere = Everywhere
settings-keys-reset = Reset all keys
    .tip = Gives all commands the keys they came with
settings-keys-key = Key of { $command }
    .tip = Click, then press the keys that it shall have
settings-keys-press = Press keys… (Esc: leave)
settings-keys-unset = None
settings-keys-usual = Usual key
    .tip = Gives the command the key it came with
settings-keys-none = No key
    .tip = Takes the key away from the command
settings-keys-of = { $name }: { $command }
settings-keys-clash = { $key } is the key of: { $others }
settings-keys-swap = Swap keys
    .tip = The two commands change their keys
settings-keys-leave = Leave as is
    .tip = The key stays with the command that has it

settings-log-again = Read again
    .tip = Shows what was written since
settings-log-open = Open log folder
    .tip = Shows the files of the log in the file manager
settings-log-empty = Nothing has been written down

settings-version = Version { $version }
settings-licence = Hareru is free software: MIT or Apache 2.0, as you like.
settings-texts = Licences of the program, its fonts and CLIP
settings-crates = Built of { $count } crates
settings-crates-what = Name, version, licence; their texts come with the source of each
