## 比較のページ

compare-way-slider = スライダー
    .tip = 同じ場所に重ね、線で左右に分けます。線はドラッグで動き、小さなハンドルか Alt+ホイールで回ります
compare-way-beside = 並べる
    .tip = すべてを並べます。拡大と移動は連動します
compare-way-blink = 切り替え
    .tip = 同じ場所で交互に表示します
compare-way-difference = 差分
    .tip = B が A より暗い所は青、同じ所は白、明るい所はオレンジです
compare-way-settings = 設定の表
    .tip = 画像のあいだで異なる設定だけを表にします

compare-empty = 2〜9 枚の画像を見比べます
compare-empty-gallery = ギャラリーで画像を選んで C キーを押すか、
compare-empty-drop = 画像ファイルをこのページにドロップしてください。
compare-empty-open = ギャラリーを開く
compare-divider = 境界線：左右キーで移動、Shift で大きく移動、Home と End で端へ
compare-canvas = { $files } の比較
compare-count =
    { $count ->
       *[other] { $count } 枚
    }
compare-one-more = 比べる画像をもう 1 枚、ここにドロップするか、ギャラリーで選んでください
compare-too-many =
    一度に比べられるのは 9 枚までです。残りの { $count } 枚は加えていません

compare-angle = 角度
    .tip = B が見える向きです。0° で右、90° で下になります
compare-blink-itself = 自動
    .tip = 自動で切り替えます。オフのときは F キーで切り替えます
compare-blink-secs = 間隔
    .tip = それぞれを表示する時間です
compare-gain = 強調
    .tip = 差を何倍にして見せるかを決めます。小さな差も見えるようになります

compare-darker = B が暗い
compare-brighter = B が明るい

compare-similarity = PSNR { $psnr } dB   ·   SSIM { $ssim }   ·   最大差 { $most }
compare-identical = 全画素が一致しています
compare-measuring = 計測中…
compare-not-alike-enough = ステップの画像の大きさが違うため、PSNR はありません
compare-sizes-differ = A { $a }、B { $b }：互いに合わせて拡大縮小しているため、PSNR はありません
compare-part-from = ステップ { $step } から分かれます
compare-first-part-from = 最初に分かれるのはステップ { $step } です
compare-part-never = すべてのステップが一致しています
compare-part-unknown = 両方に残っているステップがありません

compare-no-runs = ステップが残っている画像はありません
compare-reading = ステップを読み込み中…
compare-step = ステップ { $step } / { $total }
compare-finished = 完成した画像
compare-playhead = 全画像のステップ
    .tip = すべての生成過程を同じステップで見ます。印は A から分かれる所です
compare-as-first = { $file } を A にする
compare-as-second = { $file } を B にする
compare-remove = { $file } を比較から外す
compare-rate = { $file } を 5 段階の { $rating } にする
compare-not-rated = { $file } はギャラリーにないため、評価できません

compare-reference = 基準
compare-as-reference = { $file } の設定を基準にする
compare-no-record = 生成時の設定がありません
compare-no-records = 生成時の設定をもつ画像が 2 枚以上ありません
compare-same-settings = すべて同じ設定で生成されています
compare-field-hash = モデルファイル（SHA-256）
compare-field-family = モデルの系統
compare-field-precision = 計算精度
compare-field-decoder = デコーダー
compare-field-program = プログラム

compare-next-way = 次の比べ方
    .tip = 次の比べ方に切り替えます
compare-swap = 入れ替え
    .tip = A と B を入れ替えます
compare-flip = 切り替える
    .tip = もう一方を表示します
compare-turn = 回す
    .tip = 線を 45° 回します
compare-next-picture = 次の画像を B に
    .tip = 次の画像を A と比べます
compare-previous-picture = 前の画像を B に
    .tip = 前の画像を A と比べます
compare-remove-second = B を外す
    .tip = B を比較から外します。ファイルは残ります
compare-clear = すべて外す
    .tip = すべての画像を比較から外します。ファイルは残ります
compare-previous-step = 1 ステップ戻る
    .tip = すべてを 1 ステップ前で見ます
compare-next-step = 1 ステップ進む
    .tip = すべてを 1 ステップ後で見ます
compare-first-step = 最初のステップ
    .tip = すべてを最初のステップで見ます
compare-last-step = 完成した画像
    .tip = 完成した画像を見ます
compare-play = 一緒に再生
    .tip = すべての生成過程を一緒に再生、または停止します
compare-rate-none = 星なし
    .tip = B の星を外します
compare-rate-1 = 星 1 つ
    .tip = B に星を 1 つ付けます
compare-rate-2 = 星 2 つ
    .tip = B に星を 2 つ付けます
compare-rate-3 = 星 3 つ
    .tip = B に星を 3 つ付けます
compare-rate-4 = 星 4 つ
    .tip = B に星を 4 つ付けます
compare-rate-5 = 星 5 つ
    .tip = B に星を 5 つ付けます
