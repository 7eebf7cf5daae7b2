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
