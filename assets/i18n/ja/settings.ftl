## すべてのコマンドの一覧

palette-open = コマンドを検索
    .tip = できることのすべてを、キーとともに一覧します。名前の一部を入力してください
palette-hint = 検索・コマンド
palette-field = コマンド
palette-none = その名前のコマンドはありません

## 設定

settings-general = 一般
settings-pictures = 画像
settings-computing = 計算
settings-keys = キー操作
settings-log = ログ
settings-about = このソフトについて
settings-on = オン
settings-off = オフ
settings-after-restart = 次の起動から有効になります

settings-scale = 文字と部品の大きさ
    .tip = ウィンドウ全体を大きく、または小さくします。デスクトップの拡大率に重ねて働きます
settings-motion = 動きを減らす
    .tip = 滑る動き、ぼかし、点滅をなくします。CPU で描画しているときは、もともと動きません

settings-gallery = ギャラリーのフォルダー
    .tip = 画像とその生成過程を保存する場所です
settings-gallery-choose = フォルダーを選ぶ…
    .tip = 次の起動から別のフォルダーに保存します。すでにある画像は今の場所に残ります
settings-gallery-usual = 標準のフォルダー
settings-gallery-later = 次の起動から有効です。それまでは { $now } に保存します。これまでの画像はそこに残り、移動しません
settings-gallery-keep = 今のフォルダーも表示する
    .tip = 今のフォルダーを「一緒に表示するフォルダー」に加え、その画像をこれからも探せるようにします
settings-watched = 一緒に表示するフォルダー
    .tip = 中の画像がギャラリーに並び、検索できます。ここには何も書き込みません
settings-watched-add = フォルダーを追加…
    .tip = ほかのソフトの保存先など、別のフォルダーの画像を表示します
settings-watched-remove = { $folder } を外す
    .tip = このフォルダーを表示しなくなります。ファイルはそのまま残ります
settings-format = ファイル形式
    .tip = PNG と WebP は画素をそのまま保ちます。JPEG はずっと小さく、わずかに劣化します。どれにも生成設定が入ります
settings-format-png = PNG（無劣化）
settings-format-webp = WebP（無劣化、小さめ）
settings-format-jpeg = JPEG（最小）
settings-quality = 品質
    .tip = 1〜100。90 以上なら元の画像との違いはほとんど見えません
settings-name = 画像の名前
    .tip = 新しいファイルの付け方です。/ でフォルダーを作ります
settings-name-usual = 標準の名前
settings-name-example = 例：{ $name }
settings-name-bad = 正しい書き方になるまで、標準の名前を使います：{ $reason }
settings-name-words = { "{" }date{ "}" }、{ "{" }time{ "}" }、{ "{" }prompt{ "}" }、{ "{" }model{ "}" }、{ "{" }seed{ "}" }、{ "{" }steps{ "}" }、{ "{" }cfg{ "}" }、{ "{" }sampler{ "}" }、{ "{" }width{ "}" }、{ "{" }height{ "}" }、{ "{" }batch{ "}" }、{ "{" }count{ "}" } のように波かっこで囲んだ語が、実際の値に置き換わります

settings-device = 計算装置
    .tip = 画像を計算する装置です。次の起動から有効になります
settings-device-best = 使える中で最良のもの
settings-device-processor = CPU
settings-device-now = 現在の計算装置：{ $device }
settings-threads = スレッド数
    .tip = 計算に使う CPU コアの数です。減らすと、ほかのソフトに余裕ができます
settings-threads-auto = 自動

settings-keys-find = コマンドを探す
settings-keys-everywhere = どのページでも
settings-keys-reset = すべてのキーを元に戻す
    .tip = すべてのコマンドを初めのキーに戻します
settings-keys-key = { $command } のキー
    .tip = クリックしてから、割り当てたいキーを押してください
settings-keys-press = キーを押してください（Esc で中止）
settings-keys-unset = なし
settings-keys-usual = 初めのキー
    .tip = このコマンドを初めのキーに戻します
settings-keys-none = キーを外す
    .tip = このコマンドからキーを外します
settings-keys-of = { $name }：{ $command }
settings-keys-clash = { $key } はすでに使われています：{ $others }
settings-keys-swap = キーを入れ替える
    .tip = 二つのコマンドのキーを入れ替えます
settings-keys-leave = そのままにする
    .tip = キーは今のコマンドのままにします

settings-log-again = 読み直す
    .tip = その後に書かれたものを表示します
settings-log-open = ログのフォルダーを開く
    .tip = ログのファイルをファイルマネージャーで表示します
settings-log-empty = 記録はまだありません

settings-version = バージョン { $version }
settings-licence = Hareru は自由ソフトウェアです。MIT または Apache 2.0 のどちらかを選べます。
settings-texts = 本体、フォント、CLIP のライセンス
settings-crates = { $count } 個のクレートで作られています
settings-crates-what = 名前、バージョン、ライセンス。本文はそれぞれのソースに付いています
