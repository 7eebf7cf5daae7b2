## 失敗した理由

error-panic = エンジンの内部で不具合が起きました。詳しくはログをご覧ください
error-queue-full = 待機できるジョブは { $most } 件までです
error-engine-stopped = エンジンが停止しました
error-cancelled = 停止しました
error-out-of-memory = 計算に使うメモリが足りません
error-not-finite = ステップ { $step } で潜在表現が有限の数ではなくなりました
error-tensor = 計算に失敗しました。詳しくはログをご覧ください
error-unknown-family = 「{ $found }」という種類のモデルには対応していません。ファイル：{ $path }
# $what は設定の名前。ここにないものはそのまま表示される。
error-unsupported =
    { $what ->
        [size] このモデルでは作れないサイズです（{ $found }）
        [size-of-the-enlarged-picture] 拡大後の画像が大きすぎます（{ $found }）
        [the-task] このモデルは別の用途のものです
        [mask] マスクに塗られた部分がありません。白い部分が描き直されます
        [picture-to-start-from] 元にする画像がこのモデルに合いません
        [refiner-s-latents] リファイナーがこのモデルに合いません
        [networks-beside-the-model] モデルに添えられたネットワークがモデルに合いません
        [run-to-branch-from] 分岐元の実行のステップが保存されていません
        [step-of-a-branch] このステップからは分岐できません
        [what-changes-on-the-way] これは途中で変えられません
        [sampler-of-a-change] { $found } というサンプラーはありません
        [clip-skip] このモデルでは使えない CLIP スキップです（{ $found }）
        [frames] このモデルでは作れないフレーム数です（{ $found }）
        [noise-level] このモデルでは使えないノイズレベルです（{ $found }）
        [class] このモデルにないクラスです（{ $found }）
        [an-adapter-s-folder] アダプターのフォルダーには重みファイルを 1 つだけ置くか、ファイルを指定してください
       *[other] このモデルでは使えない設定です（{ $what }：{ $found } → { $expected }）
    }
error-precision = この装置は { $found } で計算できません。使えるのは { $expected } です
error-other-model = 別のモデル用に作られたものです。ファイル：{ $path }
error-picture = 画像として読めません。ファイル：{ $path }
error-picture-size = { $width } × { $height } px の画像は使えません
error-unknown-preprocessor = { $found } という前処理はありません
error-preprocessor-range = { $parameter } は { $least }〜{ $largest } にしてください（いまは { $found }）
error-no-steps = ステップは 1 以上必要です
error-too-many-steps = このサンプラーのステップ数は { $most } までです（いまは { $found }）
error-sigma-range = ノイズレベルは 0 より大きい値から増えていく必要があります（{ $min }〜{ $max }）
error-training-schedule = モデルのノイズスケジュールが正しくありません
error-unknown-schedule = { $found } というスケジュールはありません
error-unknown-sampler = { $found } というサンプラーはありません
error-tokenizer = トークナイザーを使えません
error-tokenizer-token = トークナイザーに { $token } というトークンがありません
error-load-nothing = モデルが見つかりません。ファイル：{ $path }
error-load-missing-file = モデルに { $file } がありません。ファイル：{ $path }
error-load-no-weights = { $component } の重みがありません。ファイル：{ $path }
error-load-read = ファイルを読めません。ファイル：{ $path }
error-load-configuration = 設定ファイルの内容を理解できません。ファイル：{ $path }
error-load-shards = 重みファイルの一覧が正しくありません。ファイル：{ $path }
error-load-length = 重みファイルが途中で切れています。ファイル：{ $path }
error-load-broken = 正しい重みファイルではありません。ファイル：{ $path }
error-load-missing-tensor = { $component } にテンソル { $name } がありません。ファイル：{ $path }
error-load-shape = { $component }：テンソル { $name } の形が { $found } です（{ $expected } が必要です）。ファイル：{ $path }
error-load-dtype = テンソル { $name } の数値形式 { $found } には対応していません。ファイル：{ $path }
error-adapter-none = アダプターが入っていません。ファイル：{ $path }
error-adapter-layer = アダプターの層 { $layer } が正しくありません。ファイル：{ $path }
error-adapter-other-family = 別の種類のモデル用のアダプターです。ファイル：{ $path }
error-adapter-block-weights = ブロックの重みの数がアダプターに合いません（{ $found } 個）。ファイル：{ $path }
error-embedding-none = 埋め込みが入っていません。ファイル：{ $path }
error-embedding-other-family = 別の種類のモデル用の埋め込みです。ファイル：{ $path }
error-embedding-word = 「{ $word }」は別の埋め込みがすでに使っています。ファイル：{ $path }

## モデルを取得、検索、削除できなかった理由

error-hub-id = モデルは「所有者/名前」「所有者/名前@リビジョン」またはその中のファイルで指定してください（いまは「{ $found }」）
error-hub-url = アドレスは https:// で始めてください（いまは「{ $found }」）
error-hub-insecure = { $host } は暗号化せずに送ろうとしています。アドレスは https:// で始めてください
error-hub-not-public = { $host } はインターネット上のサーバーではないため（{ $address }）、取得しません
error-hub-offline = { $host } につながりません。インターネットに接続されていますか？
error-hub-stalled = { $host } からの送信が止まりました。ダウンロードは再開できます
error-hub-refused = { $what } を取得するには、ハブで利用条件に同意し、HF_TOKEN を設定してください（HTTP { $code }）
error-hub-not-found = { $what } は見つかりません（HTTP 404）
error-hub-status = { $what } を取得できませんでした（HTTP { $code }）
error-hub-redirects = { $host } の転送が { $most } 回を超えました
error-hub-no-model = { $what } には、使える形のモデル（model_index.json または .safetensors ファイル）がありません
error-hub-ambiguous = { $what } には重みのファイルが { $found } 個あります。どれか一つを指定してください：{ $files }
error-hub-length = { $file } の長さが、知らされていた長さと違います
error-hub-checksum = { $file } は壊れて届きました（チェックサムが違います）
error-hub-disk-full = ディスクの空きが足りません。必要な容量は { $needed } GiB、空きは { $free } GiB です
error-hub-busy = ほかのプログラムが同じモデルを取得しています
error-hub-exists = 同じ名前のものがすでにあります。ファイル：{ $path }
error-hub-not-ours = 削除できるのはモデルフォルダーの中のものだけです。ファイル：{ $path }
error-hub-bug = プログラムの不具合のため、モデルの処理が止まりました

## 検索を理解できない理由

query-too-long = 検索の文字は { $most } バイトまでです
query-too-many-words = 検索の語は { $most } 個までです（いまは { $found } 個）
query-key = 「{ $found }」では検索できません。使えるのは { $known } です。その文字自体を探すには引用符で囲んでください
query-not-ordered = { $key } の後には「:」「=」「!=」のどれかを書いてください
query-name = { $key } の後には名前か、その一部を書いてください
query-whole-number = { $key } の後には 42 のような整数を書いてください（いまは「{ $found }」）
query-size = { $key } の後には 512x768 のような幅と高さを書いてください（いまは「{ $found }」）
query-mark = { $key } の後には { $known } のどれかを書いてください（いまは「{ $found }」）
query-number = { $key } の後には数を書いてください（いまは「{ $found }」）
query-day = { $key } の後には 2026-11-20 のような日、2026-11 のような月、年、今日、昨日、今週、今月、今年のどれかを書いてください（いまは「{ $found }」）
