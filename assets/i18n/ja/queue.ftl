## キュー

queue-pause = キューを一時停止
    .tip = 再開するまで新しいジョブを始めません。生成中の画像は最後まで仕上げます
queue-go-on = キューを再開
queue-clear = 待機中をすべて取り消す
    .tip = 待っているジョブをすべて取り消します。下の一覧からやり直せます
queue-resume-held = 再開
    .tip = 前回から戻ったジョブを始めます
queue-clear-held = 取り消す
    .tip = 前回から戻ったジョブを取り消します。キューのページからやり直せます
queue-held-back = 前回のジョブ { $count } 件
queue-clear-done = 一覧を消す
    .tip = この一覧を空にします。画像はギャラリーに残ります
queue-select-previous = 上のジョブを選ぶ
    .tip = 一覧で一つ上のジョブを選びます
queue-select-next = 下のジョブを選ぶ
    .tip = 一覧で一つ下のジョブを選びます
queue-move-up = 先へ
    .tip = ジョブの順番を一つ早めます
queue-move-down = 後へ
    .tip = ジョブの順番を一つ遅らせます
queue-move-first = 次に生成
    .tip = 選んだジョブを、待っているジョブの先頭に移します
queue-move-last = 最後に生成
    .tip = 選んだジョブを、いちばん後ろに移します
queue-cancel = 取り消す
    .tip = ジョブをキューから外します。下の一覧からやり直せます
queue-stop = 停止
    .tip = 生成中の画像を、次のステップの前で止めます
queue-duplicate = 複製
    .tip = 同じジョブを、続きのシードですぐ後ろに加えます
queue-retry = やり直す
    .tip = 同じシードのまま、もう一度キューの最後に入れます
queue-handle = ドラッグで並べ替え：{ $job }
    .tip = ドラッグするか、Alt を押しながら ↑ ↓ で並べ替えます
queue-of = { $name }：{ $job }

queue-tab = キュー { $count }
queue-none = 待っているジョブはありません。{ $key } で画像を追加します
queue-empty = 生成中の画像はありません
queue-count = { $count ->
   *[other] { $count } 件のジョブ
}
queue-left = 残り約 { $time }
queue-left-more = 残り { $time } 以上
queue-is-paused = 一時停止中：キューを再開するまで、ジョブは始まりません
queue-held = { $count ->
   *[other] キューは一時停止中：{ $count } 件が待っています
}
queue-at-work = 生成中
queue-next = 次のジョブ
queue-done = 最近終わったジョブ
queue-sweep-title = スイープ
queue-sweep = { $all } 枚中 { $made } 枚完了

queue-no-prompt = （プロンプトなし）
queue-about = { $model } · { $size } · { $steps } ステップ · シード { $seed }
queue-pictures = { $count } 枚
queue-branch = ステップ { $step } から分岐
queue-branch-unkept = ステップ { $step } から分岐（再起動すると失われます）
queue-step = ステップ { $step }/{ $total } · { $time }
queue-takes = 約 { $time }
queue-begins = 開始中
queue-secs = { $secs } 秒
queue-mins = { $mins } 分
queue-hours = { $hours } 時間 { $mins } 分
queue-made = { $count ->
   *[other] { $count } 枚完成
}
queue-cancelled = 取り消し
queue-failed = 失敗

queue-back = 前回のジョブ { $count } 件が戻りました。再開するまで待機します
queue-back-first = 前回のジョブ { $count } 件が戻りました。生成の途中だったものが先頭です。再開するまで待機します
queue-not-kept = 待っているジョブを保存できません。終了すると失われます：{ $reason }
queue-damaged = 前回のジョブを読み込めませんでした（{ $reason }）。ファイルは { $file } に改名しました
queue-unknown = 前回のジョブのうち { $count } 件は、このバージョンでは扱えません。ファイルの写しは { $file } にあります
queue-taken = 別の Hareru のウィンドウがキューを保存しています。このウィンドウで待っているジョブは、閉じると失われます
queue-away = お留守のあいだに { $pictures } 枚の画像ができました
queue-away-failed = お留守のあいだに { $pictures } 枚の画像ができ、{ $failed } 件のジョブが失敗しました
