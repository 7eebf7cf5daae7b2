# 日本語の画面。メッセージの属性 .tip はツールチップ。

## 操作

command-generate = 生成
    .tip = この設定で画像を作ります
command-stop = 停止
    .tip = 作成中の画像を、次のステップに入る前に止めます
command-restart-engine = エンジンを再起動
    .tip = エンジンを起動し直します。待っているジョブはそのあとで生成されます
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
command-undo-form = フォームを元に戻す
    .tip = フォームの直前の変更や、読み込んだ設定を取り消します。入力中のテキスト欄では、その欄の変更を取り消します
command-redo-form = フォームをやり直す
    .tip = 取り消したフォームの変更をもう一度行います
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
command-zoom-whole-pixels = 整数倍で拡大
    .tip = 「全体」での拡大を整数倍に限り、すべての画素を同じ大きさにします。もう一度でキャンバスいっぱいに戻します
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
class-numbered = クラス { $class }
form-class = クラス
    .tip = 何を描くか。このモデルは言葉ではなく、絵の種類（クラス）を知っています
form-any-class = どれでも
form-few-steps = 4 ステップ
    .tip = ガイダンスなしの 4 ステップで描けるよう蒸留したアダプターをモデルに重ねます。絵はすぐにできますが、少し粗くなります
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
form-prompt-syntax = プロンプトの読み方
    .tip = A1111 のように括弧や切り替え、BREAK や AND などの記法を解釈するか、以前の版のように書かれたとおりの文字として描くか
syntax-a1111 = A1111 の記法
syntax-literal = 文字どおり
form-emphasis = 重みの扱い
    .tip = (言葉:1.3) のような重みの効き方。A1111 のように掛けて全体の平均を保つか、ComfyUI のように空のプロンプトからこのプロンプトへ向けて補間・延長するか
emphasis-keep-mean = 平均を保つ (A1111)
emphasis-interpolate = 補間 (ComfyUI)
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
model-flowers = 花（クラス条件付き）
model-reading = モデルを読んでいます…
model-about = { $family } · { $prediction } · 本来のサイズ { $size }

# The kind of file in a file picker.
dialog-weights = 重みファイル

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
status-upscaling = 拡大しています…
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
notice-still-saving = 保存中のものが { $count } 件あります。終わるとウィンドウは自動的に閉じます
notice-settings-unreadable = 設定を読み込めなかったため、初期設定を使います（{ $reason }）。{ $fate ->
    [kept] 元のファイルは { $file } として残してあります
   *[stuck] 元のファイルを { $file } として残すことはできませんでした
}
notice-settings-left-out = 読み取れなかった設定は初期値に戻しました：{ $fields }。{ $fate ->
    [kept] 元のファイルは { $file } として残してあります
   *[stuck] 元のファイルを { $file } として残すことはできませんでした
}
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

# 復元した設定のうち、フォームに欄のないもの
extra-title = この画像からの引き継ぎ
extra-drop = 外す
    .tip = 次の画像では、これらをすべて使いません
extra-lora = アダプター：{ $what }
extra-embedding = { $what } の言葉
extra-switch = 途中から「{ $what }」
extra-refiner = 最後のステップは { $what }
extra-hires = 大きくして描き直す
extra-upscale = 拡大モデルによる拡大
extra-variation = 別のシードを少し混ぜる
extra-tiling = 端が継ぎ目なくつながる
extra-noise = ほかのソフトのノイズから始める
extra-guidance = ガイダンスが途中で変わる
extra-vae = { $what } でデコード
extra-noise-level = 拡大する画像に加えるノイズ：{ $what }
extra-stop = ステップ { $what } で終わる
extra-film = アニメーションのコマ
extra-changes = 途中のステップで設定が変わる

# Branches
notice-inexact = この分岐は元の実行と完全には一致しません：{ $why }
# Kept runs
notice-run-not-kept = { $file } は保存しましたが、ステップの記録は残せませんでした：{ $reason }
## 保存された実行、途中の変更、分岐

run-steps-foreign = この画像の隣にあるステップは、別の画像のものです
run-steps-none = この画像のステップは保存されていません
run-steps-gaps = { $total } ステップのうち { $kept } ステップだけが保存されています
run-steps-unreadable = この画像のステップを読めません：{ $reason }
steer-refused = 途中では変えられません：{ $reason }
command-last-step = 最後のステップ
    .tip = 展開の終わりへ移ります
command-play = 再生・一時停止
    .tip = 次のステップの前で待たせる、または続けます。終わった実行は展開を再生します
command-loop = 繰り返し
    .tip = 終わりまで再生したら最初に戻ります
command-speed = 速さ
    .tip = 展開を再生する速さ。押すたびに切り替わります
command-single-step = 1 ステップ進む
    .tip = 1 ステップだけ進めて待ちます。終わった実行では次のステップを表示します
command-step-back = 1 ステップ戻る
    .tip = 最新のステップをやり直す前で待ちます。終わった実行では前のステップを表示します
command-end-here = このステップで終える
    .tip = いまのステップで切り上げ、その時点の推定を画像にします
command-keep-step = このステップを残す
    .tip = 表示中のステップを 1 枚の画像として保存します
command-apply = 次のステップから適用
    .tip = 作成中の画像を、次のステップからいまのフォームの内容で描きます
command-branch = ここで分岐
    .tip = このステップでの設定をフォームに入れます。何かを変えて生成を押すと、ここから先だけを計算します
command-leave-branch = 分岐をやめる
    .tip = 分岐せず、次の画像は最初から作ります
status-pausing = 一時停止します
status-paused = 一時停止 · 次は { $step }
status-kept = 保存された実行
timeline-playhead = 再生位置
timeline-numbers = ステップ { $step } · σ { $sigma } · { $secs } 秒
timeline-change = ステップ { $step } からの変更：{ $what }
change-prompt = プロンプト「{ $value }」
change-negative = ネガティブプロンプト「{ $value }」
change-guidance = ガイダンス { $value }
change-rescale = φ { $value }
change-sampler = サンプラー { $value }
change-eta = η { $value }
change-seed = 以後のノイズのシード { $value }
change-loras = アダプター { $value }
change-controls = コントロールの重み { $value }
branch-of = { $file } のステップ { $step } で分岐
    .tip = ここで変えられるのは、プロンプト、ガイダンス、φ、サンプラー、η、アダプター、コントロールの重み、以後のノイズのシードです。ほかを変えると新しい実行になります
branch-of-run = この実行のステップ { $step } で分岐
branch-new-run = 途中では変えられない設定なので、新しい実行になります
branch-no-step = 厳密ではありません：ステップ { $step } が保存されていません
branch-other-settings = 厳密ではありません：ステップ { $step } から設定が違います
branch-other-model = 厳密ではありません：モデルが当時と違います
branch-other-precision = 厳密ではありません：当時は { $expected }、いまは { $found } です
## ステップの見方：短い名前、正式な名前（.name）、ひとこと（.tip）、詳しい説明（.more）、式（.formula）

command-next-view = 次の見方
    .tip = ステップを次の見方で見ます
command-next-second-view = 次の第二の見方
    .tip = ふたつの見方を並べて見ます。最後の見方の次は、ひとつに戻ります
command-explain-view = これは何？
    .tip = 見えているものが何かを、式も添えて詳しく説明します

view-choose = Shift＋クリック：最初の見方の隣に並べる
view-first = 見方
view-second = 第二の見方
view-second-none = ひとつだけ
view-lacks-step = まだ見られるステップがありません
view-lacks-branches = このステップでは、プロンプトあり・なしそれぞれの答えが残されていません
view-lacks-uncond = このステップではガイダンスに必要がなく、プロンプトなしの答えを求めていません
view-lacks-final = 画像がまだ完成していないので、比べられません
view-lacks-attention = このステップのアテンションは残されていません
view-lacks-noise = このステップにはもうノイズがありません
view-lacks-whole = このステップの潜在表現は壊れています

view-x0 = x₀
    .name = 推定 x₀
    .tip = このステップだけを見て、ネットワークが予想する完成図です
    .more = ネットワークはステップごとに、見えているもののどこまでがノイズかを答えます。そのノイズを取り除いて残るのが、完成図の推定です。はじめは色と大きな形がぼんやり見えるだけです。まだいろいろな画像になりうるからです。ステップを重ねるにつれて定まっていきます。一気にそこへ跳ぶのではなく、その方向へ少しだけ進んで、もう一度たずねます。
    .formula = x₀ = x − σ · ε（ε はガイダンス込み）
view-xt = xₜ
    .name = ノイズ入りの潜在表現 xₜ
    .tip = このステップでネットワークが見ているもの。途中の画像に、まだノイズが残っています
    .more = 画像はノイズだけの状態から始まり、ステップごとに少しずつノイズが取り除かれます。これはステップとステップの間の、今の状態そのもので、この先はすべてここから計算されます。潜在表現とは、ネットワークが扱う小さな画像のことです。場所ごとに数個の数を持ち、最後にデコーダーがそれを画素に直します。ここでは、その数をそのまま色にして見せています。
    .formula = x / √(1 + σ²)　σ はこのステップのノイズの大きさ
view-noise = ε
    .name = ノイズ ε
    .tip = 途中の画像のうち、ネットワークがノイズとみなしたもの。これを取り除くと推定が残ります
    .more = ステップごとにネットワークが出す答えです（ガイダンス込み）。はじめは最初のノイズとほぼ同じで、ざらざらにしか見えません。後になると形が現れます。ネットワークがまだ手直ししている場所です。
    .formula = ε = (x − x₀) / σ
view-uncond = 無条件
    .name = プロンプトなし
    .tip = プロンプトを知らされないときに、ネットワークが予想する完成図です
    .more = ガイダンスを使うと、ネットワークはステップごとに二度たずねられます。プロンプトありと、なしです。これは「なし」の答えで、何を描くか言われなければ描いたはずのものです。ネガティブプロンプトがあれば、それを知らされたときの答えになります。
    .formula = x − σ · ε（なし）
view-cond = 条件付き
    .name = プロンプトあり
    .tip = プロンプトを知らされたときに、ネットワークが予想する完成図。ガイダンスで強める前のものです
    .more = ネットワークはステップごとに二度たずねられ、これはプロンプトを知らされたときの答えです。「なし」の答えとの違いが、ネットワークにとっての言葉の意味です。ガイダンスは、その違いの方向へ、ネットワーク自身よりも遠くまで進みます。
    .formula = x − σ · ε（あり）
view-guidance = ガイダンス
    .name = ガイダンスが加えるもの
    .tip = このステップで、プロンプトがどこをどれだけ引っ張っているか。青と橙は互いに逆向き、白は影響なしです
    .more = ガイダンスは、プロンプトありとなしの答えの差をとり、その方向へガイダンス強度の分だけ進みます。色の濃いところが、今、言葉が効いている場所です。はじめはほぼ全面、後になると言葉の指す輪郭や細部に絞られていきます。青と橙は向きが逆なだけで、良し悪しではありません。
    .formula = ε = ε（なし）+ 強度 · (ε（あり）− ε（なし）)　括弧の中を表示。大きさはチャンネルの平均、符号は最も大きいチャンネルのもの
view-difference = 差分
    .name = 完成図までの隔たり
    .tip = 推定が完成図からまだどれだけ離れているか。暗いところは定まっていて、明るいところはこれから変わります
    .more = 推定を、最後にできた潜在表現と場所ごとに比べます。早く決まるもの（たいていは大きな形と色）と、遅く決まるもの（たいていは輪郭と質感）が分かります。画像が完成すると見られます。
    .formula = √((x₀ − 完成)² のチャンネル平均)
view-attention = アテンション
    .name = 「{ $word }」へのアテンション
    .tip = ネットワークがこの言葉をどこで見ているか。黄色いところほど、この言葉をよく使っています
    .more = ネットワークは計算しながら、画像の場所ごとに、プロンプトのどの言葉がどれだけ関わるかを調べます。すべての言葉の分を足すと 1 になります。これはそのうち一語の分で、すべての層とヘッドの平均です。どの言葉とも関わりのない場所は先頭の印を見るので、先頭の値が最も大きくなりがちです。
    .formula = softmax(Q · Kᵀ / √d)　Tang ほか (2022) による

tokens-none = この画像にはアテンションが残されていないので、言葉ごとには見られません
tokens-start = 先頭
tokens-end = 末尾
tokens-rest = 余白
tokens-word = ネットワークがこの言葉をどこで見ているかを示します。クリックすると、そのまま残ります
tokens-mean = すべての大きさ
tokens-level = 特徴マップ
    .tip = どの層を見るかを、マップの大きさで選びます。小さいものは全体を、大きいものは細部を見ています
## 両側のパネルとインスペクター

command-toggle-sides = 両側を隠す
    .tip = 両側を隠して画像だけにします。もう一度で戻ります
command-toggle-form = フォーム
    .tip = 左のフォームを隠したり表示したりします
command-toggle-inspector = インスペクター
    .tip = 生成の中身を示す右側を隠したり表示したりします
command-focus-controls = 操作部へ移る
    .tip = 最初の操作部にキーボードを移します。そこからは Tab で進みます
sides-show-form = フォームを表示
sides-show-inspector = インスペクターを表示
explain-what = これは何？ { $name }

inspector-plots = グラフ
    .tip = 生成の様子をステップごとの数値で見ます。グラフをクリックまたはドラッグすると、そのステップに移ります
inspector-tree = 生成の系統
    .tip = 生成と、そこから分かれた分岐
inspector-settings = この生成の設定
    .tip = キャンバスの画像の設定と、途中で変えたこと
inspector-kept = 残すもの
    .tip = 生成の全ステップを画像の隣のファイルに残し、あとから開いたり分岐したりできます

plot-name = { $name }：グラフ
plot-sigma = ノイズと信号の強さ
    .tip = 画像に残るノイズの強さ（実線）と、それに対する絵の強さ（破線）
    .more = 1 ステップごとに、ひとつ低いノイズの強さへ進みます。はじめはノイズがすべてを覆い、破線が 1 を横切るところで絵とノイズが同じ強さになります。構図は早いステップで、細部は遅いステップで決まります。
    .formula = x = x₀ + σ · ε,  SNR = 1 / σ²
plot-noise = 予測ノイズ ‖ε‖
    .tip = 各ステップでネットワークが見いだしたノイズの強さ。1 前後なら、加えたノイズをそのまま言い当てています
    .more = ネットワークは毎ステップ、入力のうちどこがノイズかを答えます。ガイダンスをかけたあとでは、実際より多くも少なくもなります。1 を大きく上回るのはガイダンスが強すぎるしるしで、色が飽和しがちです。再スケール φ で抑えられます。
    .formula = ε = (x − x₀) / σ,  ‖ε‖ = √( ε² の平均 )
plot-guidance = ガイダンスの効き
    .tip = プロンプトを知っているかどうかで、各ステップの答えがどれだけ変わるか
    .more = ネットワークにはプロンプトとネガティブプロンプトで二度たずね、ガイダンスはその答えの差を広げます。線が高いところはプロンプトが絵を決めているところ、0 に近いところではプロンプトを変えてもほとんど変わりません。
    .formula = ε = ε_uncond + s · (ε_cond − ε_uncond)。グラフは ‖ε_cond − ε_uncond‖
failure-again = もう一度試す
    .tip = 今のフォームの内容で生成します
plots-none = 生成が始まると、各ステップのノイズ量・ノルム・所要時間がここにグラフで表示されます
plot-guidance-none = この生成では残していないか、ガイダンスを使っていません
plot-change = 推定の変化 ‖Δx₀‖
    .tip = 完成予想図が前のステップからどれだけ変わったか
    .more = 各ステップのあとには、完成した画像の推定があります。値が大きいうちは何を描くかがまだ決まりつつあり、0 の近くで平らになれば残りは仕上げです。それ以上ステップを増やしても、見た目はほとんど変わりません。
    .formula = ‖Δx₀‖ = √( (x₀[k] − x₀[k − 1])² の平均 )
plot-secs = 1 ステップの秒数
    .tip = 各ステップにかかった時間
    .more = 最初のステップはメモリの準備で遅くなりがちです。1 ステップに二度ネットワークを使うサンプラーでは、時間も倍になります。
    .formula = t[k]：ステップ k の所要時間
plot-path = 潜在表現の道筋
    .tip = ノイズから画像までの道のりを地図に描いたもの。始まりが同じ生成は、分かれるまで同じ道を通ります
    .more = 作りかけの画像は何千もの数でできています。ここでは、全ステップが最も大きく違う二つの方向を横と縦にとって平面に置きます。点がひとつのステップで、左がノイズ、右が画像です。細い線は分岐で、何かを変えたところから離れていきます。
    .formula = x ≈ 平均 + a · v₁ + b · v₂（v₁、v₂ は主成分分析の第一・第二の軸）
plot-path-noisy = xₜ の軌跡
plot-path-estimate = x₀ の軌跡
plot-path-runs = { $count ->
   *[other] 細い線：始まりが同じ生成 { $count } 件
}

tree-none = 生成とその分岐がここに並びます
tree-hint = 二つにチェックを入れるか、Ctrl+クリックすると比べられます
tree-live = 生成中
tree-run = 生成 { $file }
tree-branch = ステップ { $step } からの分岐、{ $file }
tree-from = ステップ { $step } から
tree-about = シード { $seed } · { $steps } ステップ
tree-same = 変更なし
tree-parent-gone = 分岐元は最近の画像の中にありません
tree-choose = 比べる：{ $run }
    .tip = この生成を選びます。二つ選ぶと下で比べます

compare-title = 比較
compare-close = 閉じる
    .tip = 比較を終えます
compare-same = 設定はすべて同じです
compare-apart = 最初のステップから違います
compare-shared = ステップ { $step } で分かれるまでは同じです
compare-from = { $name }（ステップ { $step } から）

run-settings-none = キャンバスの画像の設定がここに並びます
run-settings-course = 途中で変えたこと
    .tip = 生成の途中での変更。それぞれのステップから効いています
run-settings-unchanged = なし
run-settings-change = ステップ { $step }：{ $what }

kept-none = キャンバスに生成がありません
kept-size = この生成のファイル：{ $size } MiB
    .tip = この生成をすべて残すとき、画像の隣に使うディスクの量
kept-part = { $size } MiB
kept-branches = ガイダンスの両側を残す
    .tip = プロンプトありとなしの答えを残します。ガイダンスの表示とグラフに必要です
kept-attention = 注意 (attention) を残す
    .tip = どの言葉がどこを見ていたかを残します。言葉ごとの表示に必要です
kept-budget = 生成の保存枠
    .tip = 残した生成の合計がこれを超えると、古いものから間引き、さらに超えればごみ箱に移します。画像と、お気に入りや評価を付けた画像の生成は残ります

budget-ask = 保存枠を小さくしますか?
budget-dropped = { $count } 件の生成の過程がごみ箱に移ります。
budget-thinned = { $count } 件の生成から、表示にだけ使うデータが消えます。
budget-freed = { $size } MiB が空きます。画像は消えません。
budget-cancel = キャンセル
    .tip = 保存枠を元のままにします
budget-agree = 小さくする
    .tip = 新しい大きさにして、入りきらない分をごみ箱に移します
budget-applied = 保存枠を小さくしました。過程を移した生成: { $dropped } 件、間引いた生成: { $thinned } 件

field-vae = オートエンコーダー
field-guidance-interval = ガイダンスの区間
field-guidance-schedule = ガイダンスの推移
field-init = 元の画像
field-mask = マスク
field-outpaint = 外側への描き足し
field-controls = コントロール
field-references = 参照画像
field-hires = 二度目の描画
field-upscale = 拡大
field-refiner = リファイナー
field-variation = バリエーション
field-tiling = 継ぎ目のない端
field-noise-source = ノイズの生成元
field-loras = アダプター
field-embeddings = 埋め込み
field-class-label = クラス
field-noise-level = 元の画像へのノイズ
field-film = 動画
field-stop-after = 終えたステップ

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

# Runs side by side
compare-beside = 並べて表示
    .tip = 二つをキャンバスに並べ、再生位置を同じステップにそろえます
command-close-beside = 並べた画像を閉じる
    .tip = 一つの生成だけの表示に戻ります

# Export
export-menu = 書き出し
    .tip = キャンバスの内容を、選んでいる見方のまま動画か一覧に書き出します
export-gif = GIF 動画
    .tip = どこでも再生できます（1 コマ 256 色）
export-webp = WebP 動画
    .tip = 全色で小さく、ブラウザーで再生できます
export-apng = PNG 動画
    .tip = 全色でやや大きく、ブラウザーで再生できます
export-sheet = 一覧シート
    .tip = すべてのステップ、またはスイープの全画像を一枚に並べます
export-done = 書き出しました：{ $file }
export-failed = 書き出せませんでした：{ $reason }
command-stop-export = 書き出しを中止
    .tip = 書き出しを中止します。ファイルは残りません
