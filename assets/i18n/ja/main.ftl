# 日本語の画面。メッセージの属性 .tip はツールチップ。

## 操作

command-generate = 生成
    .tip = この設定で画像を作ります
command-stop = 停止
    .tip = 作成中の画像を、次のステップに入る前に止めます
command-restart-engine = エンジンを再起動
    .tip = エンジンを起動し直します。待っていたジョブは失われます
command-live = ライブ
    .tip = 最新のステップに戻り、そのまま追いかけます
command-previous-step = 前のステップ
    .tip = 1 ステップ前の画像を表示します
command-next-step = 次のステップ
    .tip = 1 ステップ後の画像を表示します
command-first-step = 最初のステップ
    .tip = 最初のステップを表示します
command-use-settings = 設定を使う
    .tip = この画像を作ったときの設定をシードも含めてフォームに入れます
command-open-picture = 画像を開く…
    .tip = 保存した画像を開き、その設定を引き継ぎます
command-open-model = モデルのフォルダーを開く…
    .tip = ディスク上のモデル（diffusers 形式のフォルダー）を使います
command-zoom-in = 拡大
    .tip = 画像を大きく表示します
command-zoom-out = 縮小
    .tip = 画像を小さく表示します
command-zoom-fit = 全体
    .tip = 画像の全体を表示します
command-zoom-actual = 等倍
    .tip = 画像の 1 画素を画面の 1 画素で表示します

## 上の行

top-language = 言語
    .tip = 画面の言語
top-theme = テーマ
    .tip = 暗い画面か明るい画面か。どちらも無彩色なので色が正しく見えます
top-notices = お知らせ ({ $count })
    .tip = これまでの出来事を新しい順に読めます
theme-dark = ダーク
theme-light = ライト
theme-system = システム

## フォーム

form-changed = { $name }：モデルの既定値は { $default } です。クリックで戻します
form-value-of = { $name }（数値）
form-prompt = プロンプト
    .tip = 何を描くかを言葉で書きます。先に書いた言葉ほど少し強く効きます
form-negative = ネガティブプロンプト
    .tip = 避けたいものを書きます。空なら何も避けません
form-model = モデル
    .tip = 絵を描くネットワーク。何をどんな画風で描けるかはこれで決まります
form-sampler = サンプラー
    .tip = ノイズから画像へ進む方法。少ないステップで済むものや、途中で新しいノイズを足すものがあります
form-schedule = スケジュール
    .tip = ノイズの強さを各ステップにどう割り振るか。Karras は細部に多くのステップを使います
form-steps = ステップ数
    .tip = 何回に分けてノイズを除くか。多いほど時間がかかり、細部が整います
form-guidance = ガイダンス (CFG)
    .tip = ガイダンス強度。プロンプトへの従いやすさで、1 はモデルそのまま、大きいほど忠実で硬くなり、負ではプロンプトから離れます
form-rescale = 再スケール φ
    .tip = 強いガイダンスによる白飛びやぎらつきを抑えます。0 はそのまま、1 でガイダンスなしと同じコントラストになります
form-eta = ノイズ η
    .tip = DDIM が各ステップで足すノイズ。0 なら同じシードから必ず同じ画像になり、1 で最も揺らぎます
form-size = サイズ
    .tip = 画像の幅と高さ（画素）。モデル本来のサイズから離れるほど、同じものが並んだり形が崩れたりします
form-width = 幅
form-height = 高さ
form-size-presets = サイズの候補
    .tip = このモデルに合うサイズ
form-seed = シード
    .tip = 最初のノイズを作る数。シードと設定が同じなら同じ画像になります
form-seed-lock = シードを固定
    .tip = 閉じていると次もこのシードを使い、開いていると新しく引きます
form-seed-roll = 新しいシード
    .tip = いますぐ別のシードを引きます
form-batch = 枚数
    .tip = 続けて何枚作るか。シードは 1 枚ごとに 1 ずつ増えます
form-preview = プレビュー
    .tip = 各ステップの潜在表現を画像にする方法。結果は変わりません
form-precision = 計算精度
    .tip = ネットワークを計算する数値形式。f32 は正確で、16 ビットの形式は速くメモリも半分で済みますが、ごく細かな部分が変わります。自動では、見た目に差が出ない範囲でこのコンピューターで最も速いものを使います
form-advanced = 詳細設定
form-spacing = タイムステップ
    .tip = 学習時のタイムステップのうちどれを通るか。明るさとコントラストが変わります
form-clip-skip = CLIP スキップ
    .tip = テキストエンコーダーの最後の層を省きます。そのように学習されたモデルではプロンプトがよく効きます

preview-auto = 自動
preview-linear = 線形変換（速い）
preview-vae = VAE 全体（遅い）
preview-off = なし
precision-auto = 自動
precision-auto-as = 自動 ({ $precision })
precision-f32 = f32（正確）
precision-f16 = f16（半精度）
precision-bf16 = bf16（半精度、広範囲）
spacing-model = モデルの指定どおり
spacing-leading = 先頭寄り (leading)
spacing-trailing = 末尾寄り (trailing)
spacing-linspace = 等間隔 (linspace)

model-starter = スターター
model-reading = モデルを読んでいます…
model-about = { $family } · { $prediction } · 本来のサイズ { $size }

queue-waiting = { $count ->
   *[other] { $count } 件のジョブが待っています
}

## できない理由

problem-empty-prompt = 何を描くかを書いてください
problem-size = 幅と高さは { $multiple } の倍数で { $multiple }〜{ $max } px にしてください（いまは { $found }）
problem-steps = ステップ数は 1〜{ $max } にしてください（いまは { $found }）
problem-batch = 枚数は 1〜{ $max } にしてください（いまは { $found }）
problem-not-finite = ガイダンス、再スケール φ、η は数でなければなりません
problem-eta = η は 0〜1 にしてください（いまは { $found }）
problem-range = { $field } は { $expected } にしてください（いまは { $found }）
problem-needs = { $field } には { $needs } が必要です
problem-unknown = { $found } というものはありません。使えるのは { $known } です
problem-engine-stopped = エンジンが停止しています。キャンバスの下で再起動してください
problem-model-refused = このモデルは使えません。別のモデルを選んでください

## キャンバス

canvas-name = キャンバス：{ $shown }
canvas-noise = これから晴れていくノイズ
canvas-run = シード { $seed }
canvas-batch = { $count } 枚中 { $index } 枚目 · シード { $seed }
canvas-invite = Ctrl+Enter を押すと、ノイズが晴れていきます
canvas-chip-tip = これをプロンプトにします

## 時間の流れ

status-ready = 準備完了
status-waiting = 待機中
status-loading = モデルを読み込み中
status-encoding = プロンプトを解釈中
status-denoising = ノイズ除去中
status-decoding = 画像に復号中
status-stopping = 停止しています
status-done = 完了（{ $secs } 秒）
status-stopped = 停止しました
status-failed = 失敗しました
status-engine-stopped = エンジン停止
timeline-step = ステップ { $step }/{ $total }
timeline-pace = { $secs } 秒/ステップ
timeline-left = 残り { $secs } 秒
timeline-cell = ステップ { $step }
    .tip = ステップ { $step }（ノイズの強さ σ { $sigma }）。クリックで表示します

## 保存した画像

recent-none = 作った画像はここに並びます
recent-seed = シード { $seed } · { $model }

## お知らせとダイアログ

notice-close = お知らせを閉じる
    .tip = ここから消します。「お知らせ」でまた読めます
notices-none = まだ何も起きていません
notice-restored = { $file } の設定を引き継ぎました
notice-no-settings = { $file } には設定が入っていません。フォームはそのままです
notice-not-opened = { $file } を開けませんでした：{ $reason }
notice-not-saved = 画像を保存できませんでした：{ $reason }
notice-no-gallery = { $folder } に画像を保存できません：{ $reason }
notice-model-refused = モデル { $model } は使えません：{ $reason }
notice-engine-stopped = エンジンが停止しました。キャンバスの下の「エンジンを再起動」を押してください
notice-queue-full = 待っているジョブが多すぎます。いくつか終わるまでお待ちください
notice-failed-request = この設定では作れません：{ $reason }
notice-failed-model = モデルを読み込めませんでした：{ $reason }
notice-failed-memory = メモリが足りません。サイズを小さくしてみてください：{ $reason }
notice-failed-not-finite = 計算が発散しました。ガイダンスを弱めるか、別のサンプラーを試してください：{ $reason }
notice-failed-internal = エンジンで問題が起きました：{ $reason }
dialog-model-folder = モデルのフォルダーを開く
dialog-picture = 画像を開く
drop-here = 画像を落とすとその設定を、モデルのフォルダーを落とすとそのモデルを使います

# 復元した設定のうち、フォームに欄のないもの
carried-title = この画像からの引き継ぎ
carried-drop = 外す
    .tip = 次の画像では、これらをすべて使いません
carried-init = { $what } から始める
carried-mask = { $what } の白い部分を描く
carried-control = { $what } に沿って描く
carried-reference = { $what } をプロンプトにする
carried-lora = アダプター：{ $what }
carried-embedding = { $what } の言葉
carried-switch = 途中から「{ $what }」
carried-refiner = 最後のステップは { $what }
carried-outpaint = 画像の外側へ描き広げる
carried-hires = 大きくして描き直す
carried-variation = 別のシードを少し混ぜる
carried-tiling = 端が継ぎ目なくつながる
carried-noise = ほかのソフトのノイズから始める
carried-guidance = ガイダンスが途中で変わる
carried-vae = { $what } でデコード

# Branches
notice-inexact = この分岐は元の実行と完全には一致しません：{ $why }

# Sweeps
sweep-title = スイープ
    .tip = 一つか複数の設定だけが違う多数の実行を作り、並べて見比べます
sweep-start = スイープ { $size }
sweep-none = 項目を選ぶと、値ごとに一つずつ実行します。
sweep-runs = { $count ->
   *[other] { $count } 件の実行
}
sweep-x = X：列
    .tip = 列ごとに変える項目
sweep-y = Y：行
    .tip = 行ごとに変える項目
sweep-z = Z：シート
    .tip = シートごとに変える項目
sweep-values = 値
    .tip = 範囲と個数で -10..10:9、または一つずつ 3, 5, 7 のように書きます
sweep-values-hint = -10..10:9 か 3, 5, 7
sweep-from = 開始ステップ
    .tip = このステップから値が効きます（0 から数えます）。空なら最初からです。それより前のステップは実行どうしで共有します
sweep-from-hint = 0 から
sweep-other = 別のプロンプト
    .tip = 切り替えのステップから描くもの
sweep-clear = 解除
    .tip = 一枚ずつの生成に戻します
sweep-preset-guidance = ガイダンス { "\u2212" }10…10
    .tip = プロンプトから離れる側から強く従う側まで、九段階のガイダンスを列に並べます
sweep-preset-rescale = φ { "\u2212" }10…10
    .tip = ふだんの範囲を大きく超えて、九段階の再スケールを列に並べます
sweep-preset-switch = 切り替え 0…N
    .tip = 別のプロンプトに切り替わるステップを、列ごとに遅らせます
sweep-field-none = –
sweep-field-guidance = ガイダンス
sweep-field-rescale = φ
sweep-field-strength = 変化の強さ
sweep-field-switch = 切り替えステップ
sweep-field-words = プロンプトの語
sweep-field-lora = LoRA { $place } の重み
sweep-field-control = コントロール { $place } の重み
sweep-axis-from = { $field }（ステップ { $step } から）
sweep-value-from = { $field } { $value }（ステップ { $step } から）
sweep-problem = スイープできません。{ $reason }
sweep-problem-from = 開始ステップは 0 以上の整数で書いてください（いまは「{ $found }」）。
sweep-problem-columns = まず列ごとに変える項目を選んでください。
sweep-problem-other = 切り替え先のプロンプトを書いてください。
sweep-problem-values = 値は -10..10:9 か 3, 5, 7 のように書いてください（いまは「{ $found }」）。
sweep-problem-many = スイープの実行は { $max } 件までです（いまは { $found } 件）。
sweep-problem-number = { $field }は数で書いてください（いまは「{ $found }」）。
sweep-problem-whole = { $field }は 0 以上の整数で書いてください（いまは「{ $found }」）。
sweep-problem-words = 最初の値はプロンプトにある語にしてください。ほかの値がその語に置き換わります。
sweep-problem-needs = いまの設定には{ $field }の対象がありません。
sweep-problem-fixed = { $field }は途中で変えられません。開始ステップを空にしてください。
sweep-problem-running = 前のスイープがまだ動いています。
sweep-progress = { $total } 件中 { $done } 件完了
sweep-failed = 失敗 { $count } 件
sweep-stopped = 停止
sweep-newest = 最新
sweep-playhead = 全実行のステップ
    .tip = すべての実行を同じステップで表示します（← → Home End）。短い実行は終わりのまま残ります
sweep-sheet-tip = このシートを表示します
sweep-cell-open = クリックでこの実行を開きます
sweep-cell-saving = 画像を保存しています
sweep-cell-settings = { $steps } ステップ · ガイダンス { $guidance } · φ { $rescale } · { $sampler } · シード { $seed }
sweep-cell-shared = { $count ->
   *[other] 最初の { $count } ステップは別の実行から引き継ぎました
}
command-show-sweep = スイープに戻る
    .tip = すべての実行をもう一度並べて表示します
command-close-sweep = 閉じる
    .tip = 終わったスイープを片付けます。画像はギャラリーに残ります
